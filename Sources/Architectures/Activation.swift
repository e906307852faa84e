import Diagnostics
import Documents

/// The nonlinearity of an MLP.
public enum Activation: Sendable, Hashable, CaseIterable {
  /// x·σ(x)
  case silu
  /// ½x(1 + erf(x/√2))
  case gelu
  /// ½x(1 + tanh(√(2/π)(x + 0.044715x³)))
  case geluTanh
  /// x·σ(1.702x)
  case quickGelu
  /// max(0, x)
  case relu
  /// max(0, x)²
  case reluSquared

  /// The names in `hidden_act` and `activation_function`.
  private static let names: [(name: String, activation: Activation)] = [
    ("silu", .silu), ("swish", .silu),
    ("gelu", .gelu), ("gelu_python", .gelu),
    ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu_python_tanh", .geluTanh),
    ("gelu_accurate", .geluTanh), ("gelu_fast", .geluTanh),
    ("quick_gelu", .quickGelu), ("relu", .relu), ("relu2", .reluSquared),
  ]

  init(named name: String, at location: String) throws(Diagnostic) {
    let table = Registry("activation", Self.names.map { ($0.name, $0.activation) })
    self = try table.entry(named: name, at: location)
  }
}
