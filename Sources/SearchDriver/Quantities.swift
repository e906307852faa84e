public import Diagnostics

/// Reads quantities as people write them in a search file: `8h`, `90 min`, `2GB`, `512 MiB`.
public enum Quantities {
  /// Seconds of a duration such as `8h`, `45m`, `90s` or `1h 30m`; a bare number means seconds.
  /// - Throws: ``Diagnostic`` at `location` if the text is no positive duration.
  static func seconds(_ text: String, at location: String) throws(Diagnostic) -> Double {
    let units: [(names: [String], seconds: Double)] = [
      (["s", "sec", "second", "seconds"], 1), (["m", "min", "minute", "minutes"], 60),
      (["h", "hour", "hours"], 3600), (["d", "day", "days"], 86400),
    ]
    var seconds = 0.0
    let parts = numbersWithUnits(text)
    var understood = !parts.isEmpty
    for part in parts {
      let unit =
        part.unit.isEmpty && parts.count == 1
        ? 1 : units.first { $0.names.contains(part.unit) }?.seconds
      guard let unit, let number = Double(part.number) else {
        understood = false
        break
      }
      seconds += number * unit
    }
    guard understood, seconds.isFinite, seconds > 0, seconds < 1e9 else {
      throw Diagnostic(
        "'\(text)' is not a duration", at: location, fix: "write it like 8h, 45m or 90s")
    }
    return seconds
  }

  /// A number of bytes such as `2GB` (decimal) or `512 MiB` (binary); a bare number means bytes.
  /// - Throws: ``Diagnostic`` at `location` if the text is no positive size.
  public static func bytes(_ text: String, at location: String) throws(Diagnostic) -> Int {
    let units: [String: Double] = [
      "": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12,
      "tb": 1e12, "kib": 1024, "mib": 1_048_576, "gib": 1_073_741_824, "tib": 1_099_511_627_776,
    ]
    let parts = numbersWithUnits(text)
    guard parts.count == 1, let unit = units[parts[0].unit], let number = Double(parts[0].number),
      number > 0, number * unit >= 1, number * unit < 1e15
    else {
      throw Diagnostic(
        "'\(text)' is not an amount of memory", at: location, fix: "write it like 2GB or 512MiB")
    }
    return Int(number * unit)
  }

  /// Splits `1h 30m` into numbers and the lower-case words behind them; empty if it does not fit.
  private static func numbersWithUnits(_ text: String) -> [(number: String, unit: String)] {
    var parts: [(number: String, unit: String)] = []
    var inUnit = true
    var afterSpace = false
    for character in text.lowercased() {
      if character == " " {
        afterSpace = true
        continue
      }
      defer { afterSpace = false }
      if character.isASCII, character.isNumber || character == "." {
        if inUnit { parts.append(("", "")) } else if afterSpace { return [] }
        inUnit = false
        parts[parts.count - 1].number.append(character)
      } else if parts.isEmpty {
        return []
      } else {
        inUnit = true
        parts[parts.count - 1].unit.append(character)
      }
    }
    return parts
  }
}
