/// What a search tells whoever watches it.
public enum SearchEvent: Sendable {
  /// A line of text for people: checks, forecast, baselines' scores, phases.
  case note(String)
  case progress(Progress)
}

/// Receives the events of a search, from the thread that drives it.
public typealias SearchObserver = @Sendable (SearchEvent) -> Void

/// Where a search stands.
public struct Progress: Sendable {
  public var generation: Int
  /// Generations that the budget allows for, this one included.
  public var generations: Int
  /// Candidates of this generation that are scored, and all of them.
  public var scored: Int
  public var population: Int
  /// Best score on the search split so far; nil before the first candidate.
  public var best: Double?
  /// The best parent on the search split; nil where there is none.
  public var bestParent: (name: String, score: Double)?
  public var candidatesPerHour: Double?
  /// Seconds until the budget is spent, finalists not counted.
  public var secondsLeft: Double?

  /// Whether every candidate of the generation is scored.
  public var closesGeneration: Bool { scored == population }

  /// One line, without a line break.
  public var line: String {
    var parts = ["generation \(generation)/\(generations)"]
    if !closesGeneration { parts[0] += " (\(scored)/\(population))" }
    var scores = "best \(best.map { fixed($0, 4) } ?? "-")"
    if let bestParent {
      scores += ", best parent \(fixed(bestParent.score, 4)) (\(bestParent.name))"
    }
    parts.append(scores)
    if let candidatesPerHour { parts.append("\(grouped(Int(candidatesPerHour))) candidates/h") }
    if let secondsLeft { parts.append("\(span(secondsLeft)) left") }
    return parts.joined(separator: " · ")
  }
}

/// A number with `digits` decimals.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
  var scale = 1
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((abs(value) * Double(scale)).rounded())
  let fraction = String(scaled % scale)
  let sign = value < 0 && scaled != 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(scaled)" }
  return "\(sign)\(scaled / scale)."
    + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// A whole number with commas between thousands.
func grouped(_ number: Int) -> String {
  var digits = String(abs(number))
  var groups: [String] = []
  while digits.count > 3 {
    groups.insert(String(digits.suffix(3)), at: 0)
    digits.removeLast(3)
  }
  groups.insert(digits, at: 0)
  return (number < 0 ? "-" : "") + groups.joined(separator: ",")
}

/// Seconds in the two largest units that apply, such as `1h 05m` or `42s`.
func span(_ seconds: Double) -> String {
  let whole = Int(max(0, min(seconds, 1e9)).rounded())
  let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
  func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  if hours > 0 { return "\(hours)h \(padded(minutes))m" }
  if minutes > 0 { return "\(minutes)m \(padded(rest))s" }
  return "\(rest)s"
}
