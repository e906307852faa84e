import Diagnostics
import Foundation
import Recipes
import Tensors

extension FuzzTarget {
  /// Recipes in YAML, of one stage and of several.
  static let recipe = FuzzTarget(
    name: "recipe", seeds: recipes.map { Array($0.utf8) },
    mutate: { bytes, random in
      var lines = String(decoding: bytes, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let place = random.index(below: lines.count)
      switch random.index(below: 9) {
      case 0: lines.remove(at: place)
      case 1: lines.insert(lines[place], at: random.index(below: lines.count))
      case 2: lines.swapAt(place, random.index(below: lines.count))
      case 3: lines[place] = "  " + lines[place]
      case 4: lines[place] = String(lines[place].drop { $0 == " " })
      case 5: lines.insert(random.element(of: fragments) ?? "", at: place)
      case 6: lines[place] += random.element(of: fragments) ?? ""
      default: lines[place] = withOtherWord(lines[place], &random)
      }
      return Array(lines.joined(separator: "\n").utf8)
    },
    read: { bytes throws(Diagnostic) in
      let document = try RecipeDocument.parse(bytes, location: "fuzz.yaml")
      let written = try RecipeDocument.parse(text: document.yaml, location: "fuzz, written")
      guard written == document else { return "reads back as another document" }
      for (index, stage) in document.stages.enumerated() {
        let layout = try RecipeLayout(stage, location: document.location(ofStage: index)) { _ in 4 }
        for layer in 0..<min(layout.layerCount, 8) {
          let site = layout.site(of: .layer(layer))
          let name = "model.layers.\(layer).mlp.up_proj.weight"
          _ = try layout.values(
            at: site, output: name, inputs: site.inputs.map { _ in name })
        }
        for place in [RecipeLayout.Place.before, .after] { _ = layout.site(of: place) }
      }
      return nil
    })

  /// One word of a line replaced by another that recipes have.
  private static func withOtherWord(_ line: String, _ random: inout FuzzRandom) -> String {
    let isBoundary: (Character) -> Bool = { " :,{}[]".contains($0) }
    let words = line.split(whereSeparator: isBoundary)
    guard let word = random.element(of: words) else { return line }
    return line.replacingCharacters(
      in: word.startIndex..<word.endIndex, with: random.element(of: fragments) ?? "")
  }

  private static let fragments = [
    "&a ", "*a", "<<: *a", "? ", ": ", "- ", "[", "]", "{", "}", "'", "\"", "|\n", ">-\n", "!!int ",
    "!x ", "%YAML 1.1", "---", "...", "\t", "\u{FEFF}", "\u{85}", "\\ud800", "\u{1F600}", "#", "@",
    "`", "~", "\r", "\"\\x00\"", "!!binary ", "1e999", ".nan", ".inf", "0x", "-", "null", "1e-5",
    "-0.0", "1:30", "010", "0.5", "2", "yes", "off", "weight", "density", "lambda", "t", "scale",
    "normalize", "int8_mask", "filter", "value", "models", "slices", "sources", "layer_range",
    "[0, 4]", "[3, 1]", "[0, 999999999999]", "parameters", "base_model", "modules", "default",
    "union",
    "base", "tokenizer", "tokens", "source", "kind", "zero", "model_token", "pad_to_multiple_of",
    "chat_template", "auto", "name", "linear", "slerp", "ties", "dare_ties", "passthrough", "a+b",
    "a@b", "a+b+c", "a@", "+", "{model: {path: a}, lora: b}", "[[[[[[[[", "{value: 1}",
    "# mergevolve: mask_seed=18446744073709551616",
  ]

  private static let recipes = [
    """
    merge_method: linear
    models:
      - model: a
        parameters: {weight: [0.1, 0.9]}
      - model: b
        parameters:
          weight: [{filter: mlp, value: 1.0e-05}, {value: 0.5}]
    parameters: {normalize: false}
    dtype: float32
    out_dtype: bfloat16
    tokenizer_source: base
    """,
    """
    # mergevolve: mask_seed=7
    merge_method: dare_ties
    base_model: base
    slices:
      - sources:
          - {model: base, layer_range: [0, 2]}
          - {model: a@main, layer_range: [1, 3], parameters: {weight: 1, density: 0.5}}
      - sources: [{model: base, layer_range: [2, 4]}, {model: a@main, layer_range: [0, 2]}]
        parameters: {weight: 0.3}
    parameters: {lambda: 1e-1, int8_mask: true}
    tokenizer:
      source: union
      pad_to_multiple_of: 8
      tokens:
        <a>: {source: base, force: true}
        b: {source: {kind: model_token, model: base, token_id: 3}}
    chat_template: chatml
    """,
    """
    name: one
    merge_method: slerp
    base_model: a
    models: [{model: a}, {model: b+adapter}]
    parameters: {t: [0, 0.5, 1]}
    ---
    merge_method: passthrough
    modules:
      default:
        slices:
          - sources: [{model: one, layer_range: [0, 4], parameters: {scale: 2}}]
          - sources: [{model: {model: {path: a+b, revision: x}}, layer_range: [0, 1]}]
    """,
  ]
}
