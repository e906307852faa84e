import Diagnostics
import Patterns

/// lm-evaluation-harness's filter `regex_replace`.
enum PythonRegex {
  static func replace(
    _ pattern: String, with replacement: String, in text: String, limit: Int
  ) throws(TemplateFailure) -> String {
    do throws(Diagnostic) {
      return try PythonPattern(pattern, at: "").replace(
        with: replacement, in: text, limit: limit, at: "")
    } catch {
      throw TemplateFailure(error.problem, fix: error.fix)
    }
  }
}
