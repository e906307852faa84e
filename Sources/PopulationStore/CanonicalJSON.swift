public import Diagnostics
import Foundation

/// JSON with sorted keys, no white space and exact doubles: equal values have equal text.
///
/// - Throws: ``Diagnostic`` for NaN and infinities, which JSON cannot hold.
public func canonicalJSON(_ value: some Encodable) throws(Diagnostic) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  do {
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  } catch {
    throw Diagnostic(
      "\(type(of: value)) cannot be written as JSON: \(error)", at: "",
      fix: "report this; values in a store must be finite")
  }
}

/// The value of a text that ``canonicalJSON(_:)`` wrote.
///
/// The location says what holds the text, for the message, such as `demo.sqlite: plan.space`.
public func decodeJSON<Value: Decodable>(
  _ type: Value.Type, _ text: String, at location: String
) throws(Diagnostic) -> Value {
  do {
    return try JSONDecoder().decode(type, from: Data(text.utf8))
  } catch {
    throw Diagnostic(
      "does not hold a valid \(type): \(error)", at: location,
      fix: "the store was changed by another program or is damaged; restore it from a copy")
  }
}
