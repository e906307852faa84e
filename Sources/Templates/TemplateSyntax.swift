/// A node of a parsed template.
indirect enum TemplateNode: Sendable {
  case text(String)
  case output(TemplateExpression, line: Int)
  case condition([TemplateBranch], otherwise: [TemplateNode])
  case loop(TemplateLoopSyntax)
  case assignment(TemplateTarget, TemplateExpression, line: Int)
  /// `{% set x %}…{% endset %}`; the expression applies filters to the captured text.
  case capture(TemplateTarget, body: [TemplateNode], filtered: TemplateExpression, line: Int)
  case macro(TemplateMacroSyntax)
  case scope([TemplateDefinition], body: [TemplateNode])
  /// `{% filter f %}…{% endfilter %}`.
  case filtered(TemplateExpression, body: [TemplateNode], line: Int)
  case breakLoop
  case continueLoop
}

/// `{% if test %}body`.
struct TemplateBranch: Sendable {
  let test: TemplateExpression
  let body: [TemplateNode]
  let line: Int
}

/// `{% for target in sequence if test %}body{% else %}otherwise{% endfor %}`.
struct TemplateLoopSyntax: Sendable {
  let target: TemplateTarget
  let sequence: TemplateExpression
  let test: TemplateExpression?
  let body: [TemplateNode]
  let otherwise: [TemplateNode]
  let line: Int
}

/// `{% macro name(parameters) %}body{% endmacro %}`.
struct TemplateMacroSyntax: Sendable {
  struct Parameter: Sendable {
    let name: String
    let standard: TemplateExpression?
  }

  let name: String
  let parameters: [Parameter]
  let body: [TemplateNode]
}

/// `target = value` of a `with` statement.
struct TemplateDefinition: Sendable {
  let target: TemplateTarget
  let value: TemplateExpression
  let line: Int
}

/// What a value is assigned to.
indirect enum TemplateTarget: Sendable {
  case name(String)
  case tuple([TemplateTarget])
  /// An attribute of a namespace.
  case member(of: String, String)
}

/// An expression of the template language.
indirect enum TemplateExpression: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  case name(String)
  case list([TemplateExpression])
  case tuple([TemplateExpression])
  case mapping([(key: TemplateExpression, value: TemplateExpression)])
  case attribute(TemplateExpression, String)
  case element(TemplateExpression, TemplateExpression)
  case slice(
    TemplateExpression, from: TemplateExpression?, to: TemplateExpression?,
    step: TemplateExpression?)
  case call(TemplateExpression, TemplateArgumentSyntax)
  case filter(TemplateExpression, String, TemplateArgumentSyntax)
  case test(TemplateExpression, String, TemplateArgumentSyntax)
  case not(TemplateExpression)
  case and(TemplateExpression, TemplateExpression)
  case or(TemplateExpression, TemplateExpression)
  case negative(TemplateExpression)
  case positive(TemplateExpression)
  case comparison(TemplateExpression, [(operation: String, operand: TemplateExpression)])
  case arithmetic(String, TemplateExpression, TemplateExpression)
  case concatenation([TemplateExpression])
  case conditional(TemplateExpression, test: TemplateExpression, otherwise: TemplateExpression?)
  /// The text that a `filter` or `set` block has captured.
  case captured
}

/// The arguments of a call, in order.
struct TemplateArgumentSyntax: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []
}
