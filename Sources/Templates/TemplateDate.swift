/// A day of the Gregorian calendar, for templates that print one.
public struct TemplateDate: Sendable, Hashable {
  public let year: Int
  public let month: Int
  public let day: Int

  /// Reads `2024-07-26`; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].utf8.count == 4, parts[1].utf8.count == 2,
      parts[2].utf8.count == 2,
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), year > 0,
      (1...12).contains(month), (1...Self.days(in: month, of: year)).contains(day)
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  private static func days(in month: Int, of year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  private static let weekdays = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  /// Sakamoto's method; 0 is Sunday.
  private var weekday: Int {
    let year = month < 3 ? self.year - 1 : self.year
    let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1]
    return (year + year / 4 - year / 100 + year / 400 + shift + day) % 7
  }

  /// `strftime` in the C locale, of what a day has; there is no time of day.
  func text(_ format: String) throws(TemplateFailure) -> String {
    var result = ""
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      var letter = scalars.popFirst()
      let isPadded = letter != "-"
      if !isPadded { letter = scalars.popFirst() }
      func two(_ number: Int) -> String { (isPadded && number < 10 ? "0" : "") + String(number) }
      switch letter {
      case "d": result += two(day)
      case "m": result += two(month)
      case "y": result += two(year % 100)
      case "Y": result += String(year)
      case "b", "h": result += Self.months[month - 1].prefix(3)
      case "B": result += Self.months[month - 1]
      case "a": result += Self.weekdays[weekday].prefix(3)
      case "A": result += Self.weekdays[weekday]
      case "F":
        result +=
          "\(year)-" + (month < 10 ? "0" : "") + "\(month)-" + (day < 10 ? "0" : "")
          + "\(day)"
      case "%": result += "%"
      default:
        throw .unsupported("the date format '%\(letter.map(String.init) ?? "")'")
      }
    }
    return result
  }
}
