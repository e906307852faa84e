/// How an environment of Jinja is set up; the language is the same.
public enum TemplateDialect: Sendable, Hashable {
  /// Prompts of lm-evaluation-harness: undefined names are errors, white space stays as written.
  case task
  /// Chat templates of transformers: undefined names are empty; a statement's line end and the white space
  /// before it vanish, and so does one line end at the end; `break` and `continue` are known.
  case chat

  var isStrict: Bool { self == .task }
  var trimsBlocks: Bool { self == .chat }
  var keepsTrailingNewline: Bool { self == .task }
  var hasLoopControls: Bool { self == .chat }
}
