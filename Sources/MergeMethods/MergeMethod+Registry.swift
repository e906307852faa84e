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
    Nuslerp.self,
    Multislerp.self,
    Karcher.self,
    Passthrough.self,
    TaskArithmetic.self,
    Ties.self,
    DareLinear.self,
    DareTies.self,
    Breadcrumbs.self,
    BreadcrumbsTies.self,
    Della.self,
    DellaLinear.self,
    ModelStock.self,
    Nearswap.self,
    SCE.self,
    ArceeFusion.self,
    RAM.self,
    RAMPlusTL.self,
  ] as [any MergeMethod.Type]).map { ($0.declaration.name, $0) })
