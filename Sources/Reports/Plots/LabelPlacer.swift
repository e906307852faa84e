/// Puts the names of points where they cover neither each other nor another point.
struct LabelPlacer {
  private struct Box {
    var left: Double
    var right: Double
    var top: Double
    var bottom: Double

    func overlaps(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }
  }

  private let frame: Box
  /// Points and the names that are placed already.
  private var taken: [Box]

  init(
    left: Double, right: Double, top: Double, bottom: Double, points: [(x: Double, y: Double)]
  ) {
    frame = Box(left: left, right: right, top: top - 14, bottom: bottom + 4)
    taken = points.map { Box(left: $0.x - 6, right: $0.x + 6, top: $0.y - 6, bottom: $0.y + 6) }
  }

  /// Keeps names off a text that begins at `place`, on its baseline.
  mutating func avoid(_ text: String, at place: (x: Double, y: Double)) {
    let length = Double(text.count) * characterWidth
    taken.append(Self.box(start: place.x, length: length, baseline: place.y))
  }

  /// The name above its point, or else on the right, on the left or below; where nothing is free,
  /// on the side with more room.
  mutating func label(_ name: String, at point: (x: Double, y: Double)) -> Markup {
    let isLeft = point.x > (frame.left + frame.right) / 2
    let room = isLeft ? point.x - frame.left : frame.right - point.x
    let text = fitted(name, width: room - 12)
    let length = Double(text.count) * characterWidth
    let middle = max(frame.left, min(point.x - length / 2, frame.right - length))
    let right = Side(x: point.x + 10, y: point.y + 4, anchor: "start", start: point.x + 10)
    let left = Side(x: point.x - 10, y: point.y + 4, anchor: "end", start: point.x - 10 - length)
    let above = Side(x: middle, y: point.y - 10, anchor: "start", start: middle)
    let below = Side(x: middle, y: point.y + 18, anchor: "start", start: middle)
    let free = [above, right, left, below].first { isFree($0, length: length) }
    let side = free ?? (isLeft ? left : right)
    taken.append(Self.box(start: side.start, length: length, baseline: side.y))
    return Reports.label(text, x: side.x, y: side.y, class: "name", anchor: side.anchor)
  }

  /// Where a name may stand: its anchor, and where it begins.
  private struct Side {
    var x: Double
    var y: Double
    var anchor: String
    var start: Double
  }

  private func isFree(_ side: Side, length: Double) -> Bool {
    let box = Self.box(start: side.start, length: length, baseline: side.y)
    return box.left >= frame.left && box.right <= frame.right && box.top >= frame.top
      && box.bottom <= frame.bottom && !taken.contains { $0.overlaps(box) }
  }

  private static func box(start: Double, length: Double, baseline: Double) -> Box {
    Box(left: start, right: start + length, top: baseline - 11, bottom: baseline + 3)
  }
}

/// Ascending positions moved as little as needed so that neighbours are `apart`, within the bounds
/// where they have room.
func spread(_ positions: [Double], apart: Double, from low: Double, to high: Double) -> [Double] {
  var places = positions
  for index in places.indices.dropFirst() {
    places[index] = max(places[index], places[index - 1] + apart)
  }
  if let last = places.last, last > high {
    places[places.count - 1] = high
    for index in places.indices.dropLast().reversed() {
      places[index] = min(places[index], places[index + 1] - apart)
    }
  }
  guard let first = places.first, first < low else { return places }
  let overhang = low - first
  return places.map { $0 + overhang }
}
