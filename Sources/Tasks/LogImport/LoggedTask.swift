public import Diagnostics
public import Documents
import Foundation

/// A task as lm-eval's log shows it: the very prompts, whatever Python made them.
///
/// The name comes from the file's name, filters and metric arguments from the `results_*.json` beside it.
public struct LoggedTask: Sendable {
  public let name: String
  /// The task file's text.
  public let yaml: String
  /// One row per item, as JSON Lines.
  public let rows: [JSONValue]
  /// What was left out.
  public let notes: [String]

  /// Reads a `samples_*.jsonl`.
  ///
  /// - Throws: ``Diagnostic`` with the line if the log is not lm-eval's, or can not become a task.
  public static func read(path: String) throws(Diagnostic) -> LoggedTask {
    var samples: [LoggedSample] = []
    for row in try JSONLines.read(path: path).rows {
      samples.append(try LoggedSample(row.value, at: "\(path): line \(row.line)"))
    }
    guard !samples.isEmpty else {
      throw Diagnostic(
        "the file has no samples", at: path, fix: "run lm_eval with --log_samples")
    }
    let (name, stamp) = name(of: path)
    let configuration = try configuration(of: name, stamp: stamp, besides: path)
    var conversion = try LogConversion(samples, configuration: configuration, path: path)
    let rows = try conversion.rows()
    return LoggedTask(
      name: name, yaml: try conversion.yaml(name: name), rows: rows, notes: conversion.notes)
  }

  /// `samples_NAME_2026-11-25T03-21-29.241565.jsonl`.
  private static func name(of path: String) -> (name: String, stamp: String) {
    var file = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    if file.hasPrefix("samples_") { file.removeFirst("samples_".count) }
    guard let end = file.range(of: #"_[0-9]{4}-[0-9]{2}-[0-9]{2}T"#, options: .regularExpression)
    else { return (file, "") }
    return (String(file[..<end.lowerBound]), String(file[end.lowerBound...].dropFirst()))
  }

  /// What the results file of the same run says of the task; nil if there is none.
  private static func configuration(
    of name: String, stamp: String, besides path: String
  ) throws(Diagnostic) -> JSONValue? {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let results = "\(folder)/results_\(stamp).json"
    guard !stamp.isEmpty, FileContents.exists(results) else { return nil }
    return try JSONValue.read(path: results)["configs"]?[name]
  }
}
