/// A picture that can be drawn at several widths.
protocol Plot: Sendable {
  /// What it shows, in a few words.
  var title: String { get }
  /// What a reader who does not see it should know.
  var summary: String { get }
  /// Everything inside the `svg` element at this width, and the height that it takes; units are pixels.
  func drawing(width: Double) -> (content: [Markup], height: Double)
}

extension Plot {
  /// The picture as an `svg` element; `id` is unique in its page, `variant` the class of this width.
  func svg(width: Double, id: String, variant: String) -> Markup {
    let (content, height) = drawing(width: width)
    let name = "\(id)-\(variant)"
    return .element(
      "svg",
      [
        "class": "plot \(variant)", "viewBox": "0 0 \(pixels(width)) \(pixels(height))",
        "role": "img", "aria-labelledby": "\(name)-title \(name)-text",
      ],
      [
        .element("title", ["id": "\(name)-title"], text: title),
        .element("desc", ["id": "\(name)-text"], text: summary),
      ] + content)
  }
}

/// A length with at most one decimal.
func pixels(_ value: Double) -> String { short(value, 1) }

/// Text at a place of a picture.
func label(
  _ text: String, x: Double, y: Double, class name: String = "tick", anchor: String = "start"
) -> Markup {
  .element(
    "text", ["class": name, "x": pixels(x), "y": pixels(y), "text-anchor": anchor], text: text)
}

func line(from: (x: Double, y: Double), to: (x: Double, y: Double), class name: String) -> Markup {
  .element(
    "path",
    [
      "class": name,
      "d": "M\(pixels(from.x)) \(pixels(from.y))L\(pixels(to.x)) \(pixels(to.y))",
    ])
}

/// The width of one character of a label, in pixels: enough for wide sans-serif fonts.
let characterWidth = 7.0

/// As much of a text as fits into `width` pixels.
func fitted(_ text: String, width: Double) -> String {
  let count = max(1, Int(width / characterWidth))
  return text.count <= count ? text : text.prefix(max(1, count - 1)) + "…"
}
