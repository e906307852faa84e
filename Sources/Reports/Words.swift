/// A number with `digits` decimals, half away from zero.
func fixed(_ value: Double, _ digits: Int) -> String {
  let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
  guard value.isFinite, abs(value) * scale < 9e15 else { return "\(value)" }
  let scaled = Int((abs(value) * scale).rounded())
  let sign = value < 0 && scaled != 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(scaled)" }
  let text = String(scaled).paddedLeft(to: digits + 1, with: "0")
  return "\(sign)\(text.dropLast(digits)).\(text.suffix(digits))"
}

/// As ``fixed(_:_:)``, with a plus sign where nothing else stands.
func signed(_ value: Double, _ digits: Int) -> String {
  let text = fixed(value, digits)
  return text.hasPrefix("-") ? text : "+" + text
}

/// As many decimals as the value has, at most `digits`.
func short(_ value: Double, _ digits: Int) -> String {
  var text = fixed(value, digits)
  while text.contains("."), text.hasSuffix("0") { text.removeLast() }
  if text.hasSuffix(".") { text.removeLast() }
  return text
}

/// Seconds in the two largest units that apply, such as `1 h 05 min` or `42 s`.
func duration(_ seconds: Double) -> String {
  let whole = Int(max(0, min(seconds, 1e9)).rounded())
  let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
  func two(_ number: Int) -> String { String(number).paddedLeft(to: 2, with: "0") }
  if hours > 0 { return "\(hours) h \(two(minutes)) min" }
  if minutes > 0 { return "\(minutes) min \(two(rest)) s" }
  return "\(rest) s"
}

/// `1 candidate`, `2 candidates`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  func paddedLeft(to width: Int, with character: Character = " ") -> String {
    String(repeating: character, count: max(0, width - count)) + self
  }
}
