import Recipes

extension MergeSpace {
  /// Methods, profile and parameters in a line.
  public var describe: String {
    let names = methods.map(\.name)
    let method =
      names.count == 1
      ? names[0]
      : "\(names.joined(separator: ", ")) chosen for \(layerGroups.count) group"
        + (layerGroups.count == 1 ? "" : "s") + " of layers"
    let components =
      choice.components.isEmpty
      ? "" : ", components " + choice.components.map(\.rawValue).joined(separator: ", ")
    let origin = isProfileAutomatic ? " (auto)" : ""
    return "\(method); \(choice.profile.description)\(origin)\(components); "
      + "\(space.parameters.count) parameters"
  }
}
