public import Diagnostics
import Recipes

/// The implementation of every declared merge method.
///
/// A test proves that this table and `MethodDeclaration.all` agree one to one.
public let mergeMethods = Registry<any MergeMethod.Type>(
  "merge method",
  ([
    Linear.self,
    Slerp.self,
    TaskArithmetic.self,
    Ties.self,
    DareLinear.self,
    DareTies.self,
    Passthrough.self,
  ] as [any MergeMethod.Type]).map { ($0.declaration.name, $0) })
