/// What goes wrong while a template is rendered, before anyone knows where.
struct TemplateFailure: Error {
  let problem: String
  let fix: String
  /// Line of the template; set by the innermost statement.
  var line: Int?
  /// A column that the row lacks, if that is the problem.
  var missingName: String?

  init(_ problem: String, fix: String = "correct the template or the data") {
    self.problem = problem
    self.fix = fix
  }

  static func unsupported(_ construct: String) -> TemplateFailure {
    TemplateFailure(
      "templates do not support \(construct)",
      fix: "write what it computes into the data, or import the task with 'mergevolve import'")
  }
}
