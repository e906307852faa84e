import Diagnostics

/// A piece of a template's source.
enum TemplateChunk: Hashable {
  case text(String)
  /// `{{ … }}`; `source` is quoted in messages.
  case expression([TemplateToken], source: String)
  /// `{% … %}`.
  case statement([TemplateToken], source: String)
}

/// A word of the expression language.
enum TemplateToken: Hashable {
  case name(String)
  case string(String)
  case number(String)
  case symbol(String)
}

/// Cuts a template into text, expressions and statements as Jinja's default environment does.
///
/// Comments disappear, `-` beside a delimiter removes the white space next to it, and line ends become `\n`.
struct TemplateLexer {
  private let source: [Unicode.Scalar]
  private let location: String
  private var position = 0

  init(_ source: String, at location: String) {
    var scalars: [Unicode.Scalar] = []
    for scalar in source.unicodeScalars {
      if scalar == "\n", scalars.last == "\r" { scalars.removeLast() }
      scalars.append(scalar)
    }
    self.source = scalars.map { $0 == "\r" ? "\n" : $0 }
    self.location = location
  }

  mutating func chunks() throws(Diagnostic) -> [TemplateChunk] {
    var chunks: [TemplateChunk] = []
    var text: [Unicode.Scalar] = []
    func flush() {
      if !text.isEmpty { chunks.append(.text(string(text[...]))) }
      text = []
    }
    while position < source.count {
      guard source[position] == "{", position + 1 < source.count,
        let closing = Self.closings[source[position + 1]]
      else {
        text.append(source[position])
        position += 1
        continue
      }
      let opening = source[position + 1]
      let start = position
      position += 2
      if position < source.count, source[position] == "-" {
        position += 1
        while let last = text.last, PythonText.isWhitespace(last) { text.removeLast() }
      } else if opening == "%", position < source.count, source[position] == "+" {
        position += 1
      }
      flush()
      var tokens: [TemplateToken] = []
      let trims: Bool
      if opening == "#" {
        trims = try skipComment(from: start)
      } else {
        (tokens, trims) = try self.tokens(until: closing, from: start)
      }
      let spelling = string(source[start..<position])
      switch opening {
      case "{": chunks.append(.expression(tokens, source: spelling))
      case "%": chunks.append(.statement(tokens, source: spelling))
      default: break
      }
      if trims {
        while position < source.count, PythonText.isWhitespace(source[position]) { position += 1 }
      }
    }
    flush()
    return chunks
  }

  private static let closings: [Unicode.Scalar: Unicode.Scalar] = ["{": "}", "%": "%", "#": "#"]

  /// Returns whether the comment ends in `-#}`.
  private mutating func skipComment(from start: Int) throws(Diagnostic) -> Bool {
    while position + 1 < source.count {
      if source[position] == "#", source[position + 1] == "}" {
        position += 2
        return source[position - 3] == "-" && position - 3 >= start + 2
      }
      position += 1
    }
    throw unclosed(start, "#}")
  }

  private mutating func tokens(
    until closing: Unicode.Scalar, from start: Int
  ) throws(Diagnostic) -> (tokens: [TemplateToken], trims: Bool) {
    var tokens: [TemplateToken] = []
    var brackets = 0
    while position < source.count {
      let scalar = source[position]
      if PythonText.isWhitespace(scalar) {
        position += 1
        continue
      }
      if brackets == 0, let trims = takeClosing(closing) { return (tokens, trims) }
      if scalar == "\"" || scalar == "'" {
        tokens.append(.string(try quotedString()))
      } else if Self.isDigit(scalar) {
        tokens.append(.number(take(while: { Self.isDigit($0) || $0 == "." || $0 == "_" })))
      } else if scalar == "_" || scalar.properties.isXIDStart {
        tokens.append(.name(take(while: { $0.properties.isXIDContinue })))
      } else {
        if "{[(".unicodeScalars.contains(scalar) { brackets += 1 }
        if "}])".unicodeScalars.contains(scalar) { brackets -= 1 }
        tokens.append(.symbol(symbol()))
      }
    }
    throw unclosed(start, closing == "}" ? "}}" : "%}")
  }

  /// Whether the closing delimiter, if it stands here, removes the white space after it.
  private mutating func takeClosing(_ closing: Unicode.Scalar) -> Bool? {
    for (prefix, trims) in [("-", true), ("+", false), ("", false)]
    where closing == "%" || prefix != "+" {
      let delimiter = Array(prefix.unicodeScalars) + [closing, "}"]
      if source[position...].starts(with: delimiter) {
        position += delimiter.count
        return trims
      }
    }
    return nil
  }

  private mutating func symbol() -> String {
    let pair = string(source[position..<min(position + 2, source.count)])
    let length = ["==", "!=", "<=", ">=", "//", "**"].contains(pair) ? 2 : 1
    position += length
    return string(source[(position - length)..<position])
  }

  private mutating func quotedString() throws(Diagnostic) -> String {
    let start = position
    let quote = source[position]
    var text: [Unicode.Scalar] = []
    position += 1
    while position < source.count {
      let scalar = source[position]
      position += 1
      if scalar == quote { return string(text[...]) }
      guard scalar == "\\", position < source.count else {
        text.append(scalar)
        continue
      }
      let next = source[position]
      position += 1
      switch next {
      case "n": text.append("\n")
      case "t": text.append("\t")
      case "r": text.append("\r")
      case "\\", "'", "\"": text.append(next)
      default: text.append(contentsOf: ["\\", next])
      }
    }
    throw unclosed(start, String(quote))
  }

  private mutating func take(while condition: (Unicode.Scalar) -> Bool) -> String {
    let start = position
    while position < source.count, condition(source[position]) { position += 1 }
    return string(source[start..<position])
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  private func unclosed(_ start: Int, _ closing: String) -> Diagnostic {
    let excerpt = string(source[start..<min(start + 30, source.count)])
    return Diagnostic(
      "the template's '\(excerpt)' is not closed", at: location, fix: "close it with '\(closing)'")
  }
}
