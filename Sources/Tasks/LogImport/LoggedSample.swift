import Diagnostics
import Documents

/// One line of a `samples_*.jsonl` of lm-eval: what was asked, and what came of it.
struct LoggedSample {
  /// The arguments of every request: texts, and for generation an object.
  let requests: [[JSONValue]]
  let document: JSONValue
  let documentID: String
  let target: JSONValue
  let filter: String
  let metrics: [String]
  let line: JSONValue
  /// File and line.
  let location: String

  /// - Throws: ``Diagnostic`` at the line if it is none of lm-eval's.
  init(_ value: JSONValue, at location: String) throws(Diagnostic) {
    self.location = location
    line = value
    func required(_ key: String) throws(Diagnostic) -> JSONValue {
      if let found = value[key] { return found }
      throw Diagnostic(
        "the line has no '\(key)': it is no sample of lm-eval", at: location,
        fix: "import a samples_*.jsonl that 'lm_eval --log_samples' wrote")
    }
    document = try required("doc")
    documentID = TaskRow.label(try required("doc_id")) ?? ""
    target = try required("target")
    filter = value["filter"]?.string ?? "none"
    metrics = (value["metrics"]?.array ?? []).compactMap(\.string)
    let arguments = try required("arguments")
    var requests: [[JSONValue]] = []
    switch arguments {
    case .object(let members): requests = members.map { Self.list($0.value) }
    case .array(let elements): requests = elements.map(Self.list)
    default: break
    }
    guard !documentID.isEmpty, let first = requests.first, case .string? = first.first else {
      throw Diagnostic(
        "the line has no arguments of a request", at: location,
        fix: "import a samples_*.jsonl that 'lm_eval --log_samples' wrote")
    }
    self.requests = requests
  }

  private static func list(_ value: JSONValue) -> [JSONValue] {
    switch value {
    case .object(let members): members.map(\.value)
    case .array(let elements): elements
    default: [value]
    }
  }

  /// lm-eval's name of the kind of task that asks so.
  var outputType: String {
    if requests[0].count == 1 { return "loglikelihood_rolling" }
    if case .object = requests[0][1] { return "generate_until" }
    return requests.count > 1 ? "multiple_choice" : "loglikelihood"
  }

  /// Context and continuation of every request, without those that ask for a choice alone.
  func pairs() throws(Diagnostic) -> [(context: String, continuation: String)] {
    var pairs: [(context: String, continuation: String)] = []
    for request in requests {
      guard request.count > 1, let context = request[0].string, let continuation = request[1].string
      else {
        throw Diagnostic(
          "a request is no pair of texts", at: location,
          fix: "import a samples_*.jsonl that 'lm_eval --log_samples' wrote")
      }
      pairs.append((context, continuation))
    }
    let half = pairs.count / 2
    let isDoubled =
      metrics.contains("acc_mutual_info") && pairs.count == 2 * half
      && pairs[half...].allSatisfy { $0.context.isEmpty }
    return isDoubled ? Array(pairs[..<half]) : pairs
  }

  /// The log-likelihoods of the first `count` requests; nil if they were not logged.
  func logLikelihoods(_ count: Int) -> [Double]? {
    guard let responses = line["resps"]?.array, responses.count >= count else { return nil }
    let values = responses.prefix(count).compactMap { response -> Double? in
      let pair = response.array?.first?.array?.first
      return pair?.double ?? pair?.string.flatMap(Double.init)
    }
    return values.count == count ? values : nil
  }
}
