/// Reference data shared by the tests of several modules, under `Tests/Golden`.
public enum Golden {
  /// The path of `Tests/Golden`.
  public static let folder: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    return parts.joined(separator: "/") + "/Golden"
  }()

  /// A path such as `bad/models/good-a`.
  public static func path(_ name: String) -> String { "\(folder)/\(name)" }
}
