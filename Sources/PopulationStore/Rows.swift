import Diagnostics
import Foundation
import GRDB
import SearchSpaces

// Between rows and values. Columns are decoded strictly: what does not fit is a damaged store.

extension UInt64 {
  /// SQLite has signed integers only; the 64 bits stay as they are.
  var asStored: Int64 { Int64(bitPattern: self) }
}

extension Row {
  func bits(_ column: String) throws -> UInt64 {
    UInt64(bitPattern: try decode(Int64.self, forColumn: column))
  }

  func choice<Value: RawRepresentable<String>>(_ column: String) throws -> Value {
    let text = try decode(String.self, forColumn: column)
    guard let value = Value(rawValue: text) else {
      throw PopulationStore.damage("\(column) cannot be '\(text)'", at: "store")
    }
    return value
  }

  func reals(_ column: String) throws -> [Double]? {
    guard let data = try decode(Data?.self, forColumn: column) else { return nil }
    return try decodeReals([UInt8](data), at: column)
  }
}

extension Candidate.Status {
  /// Whether nothing more will be scored of such a candidate.
  public var isSettled: Bool { self != .pending }

  var columns: (status: String, reason: String?, block: Int?, difference: Double?) {
    switch self {
    case .pending: ("pending", nil, nil, nil)
    case .scored: ("scored", nil, nil, nil)
    case .stopped(let block, let difference): ("stopped", nil, block, difference)
    case .failed(let reason): ("failed", reason, nil, nil)
    case .dropped: ("dropped", nil, nil, nil)
    }
  }

  init(_ row: Row) throws {
    let status = try row.decode(String.self, forColumn: "status")
    switch status {
    case "pending": self = .pending
    case "scored": self = .scored
    case "stopped":
      self = .stopped(
        block: try row.decode(Int.self, forColumn: "stopped_block"),
        difference: try row.decode(Double.self, forColumn: "stopped_difference"))
    case "failed": self = .failed(try row.decode(String.self, forColumn: "reason"))
    case "dropped": self = .dropped
    default: throw PopulationStore.damage("status cannot be '\(status)'", at: "store")
    }
  }
}

extension Candidate {
  init(_ row: Row) throws {
    id = try row.decode(Int.self, forColumn: "id")
    kind = try row.choice("kind")
    name = try row.decode(String?.self, forColumn: "name")
    proposal = nil
    if let run = try row.decode(Int?.self, forColumn: "run") {
      proposal = Proposal(
        run: run, generation: try row.decode(Int.self, forColumn: "generation"),
        index: try row.decode(Int.self, forColumn: "place"))
    }
    genome = try row.reals("genome").map(Genome.init)
    point = try row.reals("point")
    recipe = try row.decode(String?.self, forColumn: "recipe")
    fingerprint = try row.bits("fingerprint")
    duplicateOf = try row.decode(Int?.self, forColumn: "duplicate_of")
    status = try Status(row)
    told = try row.decode(Double?.self, forColumn: "told")
  }
}

extension EvaluationKey {
  init(_ row: Row) throws {
    candidate = try row.decode(Int.self, forColumn: "candidate")
    split = try row.choice("split")
    precision = try row.decode(String.self, forColumn: "precision")
    decode = try row.decode(String.self, forColumn: "decode")
    maskSeed = try row.bits("mask_seed")
  }

  /// `WHERE` clause and values of the five columns that hold a key.
  static let clause =
    "candidate = ? AND split = ? AND precision = ? AND decode = ? AND mask_seed = ?"
  var arguments: StatementArguments {
    [candidate, split.rawValue, precision, decode, maskSeed.asStored]
  }
}

extension Evaluation.TaskScore {
  init(_ row: Row) throws {
    self.init(
      task: try row.decode(String.self, forColumn: "task"),
      metric: try row.decode(String.self, forColumn: "metric"),
      value: try row.decode(Double.self, forColumn: "value"),
      standardError: try row.decode(Double?.self, forColumn: "standard_error"),
      count: try row.decode(Int.self, forColumn: "items"),
      decoded: try row.decode(Int.self, forColumn: "decoded"),
      changed: try row.decode(Int.self, forColumn: "changed"))
  }
}

extension Budget {
  init(_ row: Row) throws {
    self.init(
      evaluations: try row.decode(Int?.self, forColumn: "evaluations"),
      timeLimit: try row.decode(Double?.self, forColumn: "time_limit"),
      reserve: try row.decode(Double.self, forColumn: "reserve"))
  }
}
