import Templates

extension ModelRequest {
  /// A context without the white space (Python's) at its end, which goes over to the continuation.
  public static func movingWhitespace(
    context: String, continuation: String
  ) -> (context: String, continuation: String) {
    let (head, whitespace) = PythonText.splitTrailingWhitespace(context)
    return (head, whitespace + continuation)
  }
}
