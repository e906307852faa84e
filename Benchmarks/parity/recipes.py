"""Random recipes in mergekit's format, with a fixed seed per recipe."""

import random
from pathlib import Path

import yaml

# All but arcee_fusion: in single precision its mask hangs on rounding (merge-methods.md, 6.5).
METHODS = [
    "linear", "slerp", "nuslerp", "multislerp", "karcher", "passthrough", "task_arithmetic", "ties",
    "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della", "della_linear",
    "model_stock", "nearswap", "sce", "ram", "ramplus_tl",
]
PLAIN = ["linear", "slerp", "task_arithmetic", "ties"]
TASK_VECTORS = {
    "task_arithmetic", "ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della",
    "della_linear",
}
PAIRS = {"slerp", "nearswap"}
WITHOUT_BASE = {"linear", "karcher", "passthrough"}
COMPONENTS = ["self_attn", "mlp", "layernorm", "lm_head", "embed_tokens", "norm"]


class Draw:
    """Draws recipes over the models of one folder: the base and those made from it."""

    def __init__(self, folder: Path, seed: int, layers: int, out_dtype: str, franken: bool):
        self.random = random.Random(seed)
        self.base = str(folder / "base")
        self.experts = sorted(
            str(path) for path in folder.iterdir() if path.is_dir() and path.name != "base")
        self.layers = layers
        self.out_dtype = out_dtype
        self.franken = franken

    def number(self, low: float, high: float) -> float:
        return round(self.random.uniform(low, high), 4)

    def curve(self, low: float, high: float, gradients: bool = True):
        """A number, a gradient, or either by filter."""
        kind = self.random.random()
        if kind < 0.4 or not gradients:
            return self.number(low, high)
        if kind < 0.7:
            count = self.random.choice([2, 3, self.layers, 7])
            return [self.number(low, high) for _ in range(count)]
        filters = self.random.sample(COMPONENTS, 2)
        return [{"filter": name, "value": self.curve(low, high, False)} for name in filters] + [
            {"value": [self.number(low, high), self.number(low, high)]}]

    def experts_of(self, low: int, high: int) -> list[str]:
        return self.random.sample(self.experts, self.random.randint(low, min(high, len(self.experts))))

    def per_model(self, method: str) -> dict:
        if method in ("linear", "nuslerp", "multislerp"):
            return {"weight": self.curve(0.1, 1.2)}
        if method not in TASK_VECTORS:
            return {}
        parameters = {"weight": self.curve(-0.6, 1.4)}
        if method.startswith("della"):
            # Inside of (0, 1) wherever the two curves are read.
            parameters["density"] = self.curve(0.35, 0.65)
            parameters["epsilon"] = self.curve(-0.3, 0.3)
            return parameters
        if method.startswith("breadcrumbs"):
            parameters["gamma"] = self.curve(0.0, 0.3)
        if method != "task_arithmetic":
            density = self.curve(0.05, 1.0)
            parameters["density"] = 1.0 if self.random.random() < 0.1 else density
        return parameters

    def shared(self, method: str) -> dict:
        if method == "slerp":
            return {"t": self.curve(-0.1, 1.1)}
        if method == "nearswap":
            return {"t": self.curve(1e-4, 5e-2)}
        if method in ("ram", "ramplus_tl"):
            parameters = {"epsilon": self.curve(1e-5, 1e-2)}
            if method == "ramplus_tl":
                parameters |= {"r": self.curve(0, 1), "alpha": self.curve(0, 1)}
            return parameters
        if method == "karcher":
            return {"max_iter": self.random.randint(1, 20)} if self.random.random() < 0.5 else {}
        if method not in TASK_VECTORS and method not in ("linear", "passthrough"):
            flags = {
                "nuslerp": ["nuslerp_flatten", "nuslerp_row_wise"],
                "multislerp": ["normalize_weights"], "model_stock": ["filter_wise"],
                "sce": ["int8_mask"],
            }[method]
            parameters = {flag: self.random.random() < 0.4 for flag in flags}
            if method == "sce":
                parameters["select_topk"] = self.curve(0.05, 1.0)
            return parameters
        if method in ("linear", "passthrough"):
            choose = self.random.random() < 0.5 and method == "linear"
            return {"normalize": False} if choose else {}
        parameters = {}
        if self.random.random() < 0.6:
            parameters["lambda"] = self.curve(0.3, 1.5)
        for flag in ("normalize", "rescale", "int8_mask"):
            if self.random.random() < 0.5:
                parameters[flag] = self.random.random() < 0.5
        return parameters

    def stage(self, method: str, sliced: bool = True) -> dict:
        recipe: dict = {"merge_method": method, "dtype": "float32"}
        shared = self.shared(method)
        if method == "passthrough":
            models = [(self.random.choice(self.experts), {"scale": self.curve(0.2, 1.5)})]
        elif method in PAIRS:
            recipe["base_model"] = self.base
            models = [(self.base, {}), (self.experts_of(1, 1)[0], {})]
        else:
            if method not in WITHOUT_BASE and (
                    method not in ("nuslerp", "multislerp") or self.random.random() < 0.5):
                recipe["base_model"] = self.base
            least, most = {"nuslerp": (2, 2), "model_stock": (2, 3)}.get(method, (1, 3))
            models = [(model, self.per_model(method)) for model in self.experts_of(least, most)]
            if method in TASK_VECTORS and self.random.random() < 0.5:
                # A value for all models instead of one each.
                shared["weight"] = self.curve(0.2, 1.0)
                models = [
                    (model, {k: v for k, v in own.items() if k != "weight"})
                    for model, own in models]
        if "base_model" in recipe and method not in PAIRS and self.random.random() < 0.3:
            models.insert(self.random.randint(0, len(models)), (self.base, {}))
        self.random.shuffle(models)
        if sliced and self.random.random() < 0.4:
            recipe["slices"] = self.slices(recipe, models)
        else:
            recipe["models"] = [
                {"model": model, "parameters": own} if own else {"model": model}
                for model, own in models]
        if shared:
            recipe["parameters"] = shared
        return recipe

    def slices(self, recipe: dict, models: list) -> list:
        if "base_model" in recipe and all(model != self.base for model, _ in models):
            models = models + [(self.base, {})]
        cut = self.random.randint(1, self.layers - 1)
        ranges = [[0, cut], [cut, self.layers]]
        if self.franken and self.random.random() < 0.6:
            ranges = [[0, cut], [max(0, cut - 1), self.layers]]
        return [
            {
                "sources": [
                    {"model": model, "layer_range": span, **({"parameters": own} if own else {})}
                    for model, own in models]
            }
            for span in ranges]

    def single(self, method: str) -> str:
        recipe = self.stage(method)
        recipe["out_dtype"] = self.out_dtype
        return yaml.safe_dump(recipe)

    def staged(self) -> str:
        """Two methods over the whole depth, and a choice between them by component and layer."""
        stages = []
        for name, method in zip("xy", self.random.sample(PLAIN, 2)):
            stages.append({"name": name, **self.stage(method, sliced=False)})
        chosen = self.random.choice(COMPONENTS[:3])
        cut = self.random.randint(1, self.layers - 1)

        def weights(first: float, second: float) -> list:
            layers = [first] * cut + [second] * (self.layers - cut)
            return [{"filter": chosen, "value": first}, {"filter": "lm_head", "value": second},
                    {"value": layers}]

        stages.append({
            "merge_method": "linear",
            "models": [
                {"model": "x", "parameters": {"weight": weights(1.0, 0.0)}},
                {"model": "y", "parameters": {"weight": weights(0.0, 1.0)}},
            ],
            "parameters": {"normalize": False},
            "dtype": "float32",
            "out_dtype": self.out_dtype,
        })
        return yaml.safe_dump_all(stages)
