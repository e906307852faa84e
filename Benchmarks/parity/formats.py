"""Parity of the recipe format: slices, references, tokenizers, adapters and options.

Each case runs through mergekit and through `mergevolve merge`; tensors, dtypes and the configuration are
compared, and what mergevolve has written is loaded by transformers, model and tokenizer. Numbers that a
union gives to ordinary tokens are mergekit's accident (a hash table), so rows are compared token by token.

    python3 Benchmarks/parity/formats.py --mergevolve .build/release/mergevolve
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TQDM_DISABLE="1")

try:
    import peft
    import tokenizers
    import torch
    import transformers
    import yaml
    from huggingface_hub.errors import StrictDataclassError
    from mergekit.io.tasks import LoaderCache
    from mergekit.scripts import multimerge, run_yaml

    import families
except ImportError as missing:
    sys.exit(
        f"{missing}: parity needs a Python with mergekit 0.1.5, which brings torch, transformers and peft\n"
        "  fix: python3 -m venv peers && peers/bin/pip install mergekit==0.1.5, then PYTHON=peers/bin/python3")
from comparison import compare, load

VOCABULARY_TENSORS = ("model.embed_tokens.weight", "lm_head.weight")
TEXTS = ["ab ba", "new2 <|x|> a", "<s>caab", "sp cd"]


class Models:
    """Small models with what the cases need, by name."""

    def __init__(self, folder: Path):
        self.folder = folder

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def make(self, name: str, model_type: str = "llama", *, tied=False, dtype=torch.float32, rows=150,
             layers=4, seed=0, mixed=None, extra=None, words=None, special=(), plain=()) -> None:
        random = torch.Generator().manual_seed(seed)
        saved = families.VOCABULARY, families.LAYERS
        families.VOCABULARY, families.LAYERS = rows, layers
        document = families.config(model_type, tied, dtype) | (extra or {})
        tensors = {}
        for tensor, shape in families.shapes(model_type, tied).items():
            value = torch.randn(shape, generator=random)
            value = 1 + 0.1 * value if "norm" in tensor else 0.05 * value
            tensors[tensor] = value.to(mixed[tensor] if mixed and tensor in mixed else dtype)
        families.VOCABULARY, families.LAYERS = saved
        families.write(self.folder / name, tensors, document)
        if words is not None:
            self.tokenizer(name, words, special, plain)

    def tokenizer(self, name: str, words: list[str], special, plain) -> None:
        vocabulary = {word: number for number, word in enumerate(words)}
        merges = [(w[:-1], w[-1]) for w in words if len(w) > 1 and w[:-1] in vocabulary and w[-1] in vocabulary]
        model = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, merges, unk_token="<unk>"))
        model.add_special_tokens(list(special))
        model.add_tokens(list(plain))
        fast = transformers.PreTrainedTokenizerFast(tokenizer_object=model, unk_token="<unk>")
        fast.save_pretrained(self.path(name))

    def adapter(self, name: str, base: str, **options) -> None:
        model = transformers.AutoModelForCausalLM.from_pretrained(self.path(base))
        adapted = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **options))
        random = torch.Generator().manual_seed(len(name))
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.data = 0.2 * torch.randn(parameter.shape, generator=random)
        adapted.save_pretrained(self.path(name))


def build(folder: Path) -> Models:
    models = Models(folder)
    for index, name in enumerate("abc"):
        models.make(name, seed=index)
        models.make("q" + name, "qwen2", seed=10 + index,
                    extra={"layer_types": ["full_attention"] * 4, "use_sliding_window": False})
        models.make("h" + name, seed=index, dtype=torch.bfloat16)
    models.make("half", seed=20, dtype=torch.float16)
    models.make("mistral", "mistral", seed=21)
    models.make("deep", seed=22, layers=6)
    models.make("large", seed=23, rows=160)
    models.make("tied", tied=True, seed=24)
    models.make("tied2", tied=True, seed=25)
    models.make("mixed", seed=26, mixed={"model.norm.weight": torch.bfloat16, "lm_head.weight": torch.float16})
    letters = ["<unk>", "<s>", *"abcdesp "]
    models.make("t0", seed=30, rows=14, words=letters + ["ab", "ba", "sp"], special=["<s>"], plain=["cd"])
    models.make("t1", seed=31, rows=17, words=letters + ["ba", "ca", "new1"], special=["<s>", "<|x|>"],
                plain=["cd", "sp", "new2"])
    models.make("t2", seed=32, rows=12, words=letters + ["ca", "de"], special=["<s>"])
    models.make("short", seed=33, rows=12, words=letters + ["ab", "ba"], special=["<s>"], plain=["cd"])
    models.make("padded", seed=34, rows=20, words=letters + ["ab", "ba", "sp"], special=["<s>"], plain=["cd"])
    models.adapter("lora", "a", r=3, lora_alpha=5, target_modules=["q_proj", "down_proj", "embed_tokens"],
                   rank_pattern={"down_proj": 2}, alpha_pattern={"layers.2.self_attn.q_proj": 9})
    models.adapter("rslora", "qa", r=4, lora_alpha=2, use_rslora=True, target_modules="all-linear",
                   lora_bias=False, bias="all")
    models.adapter("hlora", "ha", r=4, lora_alpha=8, target_modules="all-linear", modules_to_save=["lm_head"])
    return models


def cases(m: Models) -> list[tuple[str, dict | list, list[str]]]:
    p = m.path

    def models(*entries, **parameters) -> list:
        return [{"model": p(name), "parameters": dict(parameters, weight=weight)} for name, weight in entries]

    def source(name, start, end, **parameters) -> dict:
        return {"model": p(name), "layer_range": [start, end]} | ({"parameters": parameters} if parameters else {})

    linear = {"merge_method": "linear"}
    task = {"merge_method": "task_arithmetic"}
    half = [("a", 0.3), ("b", 0.9)]
    tokens = [("t0", 0.25), ("t1", 0.75)]
    found = [
        ("frankenmerge, repeats and overlaps", {"merge_method": "passthrough", "slices": [
            {"sources": [source("a", 0, 3)]}, {"sources": [source("b", 1, 4, scale=[
                {"filter": "down_proj", "value": 0.5}, {"value": 1}])]}, {"sources": [source("a", 3, 4)]}]}, []),
        ("frankenmerge, shorter", {"merge_method": "passthrough", "slices": [
            {"sources": [source("qa", 0, 1)]}, {"sources": [source("qb", 3, 4)]}]}, []),
        ("slices of models of unlike depth", linear | {"slices": [
            {"sources": [source("a", 0, 4, weight=0.2), source("deep", 2, 6, weight=[0.1, 0.9])]}]}, []),
        ("modules with slices", linear | {"modules": {"default": {"slices": [
            {"sources": [source("a", 0, 2), source("b", 0, 2, weight=0.7)], "parameters": {"weight": 0.3}},
            {"sources": [source("c", 2, 4), source("b", 2, 4)]}], "parameters": {"weight": [0.4, 0.8]}}}}, []),
        ("modules with models", linear | {"modules": {"default": {"models": models(*half)}}}, []),
        ("a base model per slice", {"merge_method": "slerp", "base_model": p("a"), "slices": [
            {"sources": [source("a", 0, 2), source("b", 0, 2)]},
            {"sources": [source("b", 2, 4), source("c", 1, 3)], "base_model": p("c"), "parameters": {"t": 0.9}}],
            "parameters": {"t": [0.2, 0.5]}}, []),
        ("surplus models after the layers", linear | {"slices": [
            {"sources": [source("a", 0, 2)]}, {"sources": [source("b", 2, 4), source("c", 2, 4)]}],
            "parameters": {"weight": 0.5}}, []),
        ("fewer models after the layers", linear | {"slices": [
            {"sources": [source("b", 0, 2), source("c", 0, 2)]}, {"sources": [source("a", 2, 4)]}],
            "parameters": {"weight": 0.5}}, []),
        ("precedence and filters by source names", task | {"base_model": p("a"), "slices": [
            {"sources": [source("a", 2, 4), source("b", 2, 4, weight=[
                {"filter": "layers.2.", "value": 0.9}, {"filter": "*", "value": [0.1, 0.3]}])]},
            {"sources": [source("a", 0, 2), source("c", 0, 2)], "parameters": {"weight": 0.2}}],
            "parameters": {"weight": 5, "lambda": [{"filter": "layers.0.", "value": 0.5}, {"value": 1.5}]}}, []),
        ("base listed among the models", task | {"base_model": p("a"), "models": [
            {"model": p("b"), "parameters": {"weight": 0.5}}, {"model": p("a")}]}, []),
        ("base unlisted, averaged by linear", linear | {"base_model": p("c"), "models": models(*half),
                                                        "parameters": {"weight": 0.1}}, []),
        ("references as mappings", linear | {"models": [
            {"model": {"model": {"path": p("a")}}, "parameters": {"weight": 1}},
            {"model": {"model": p("b"), "override_architecture": "LlamaForCausalLM"}, "parameters": {"weight": 2}}]},
         []),
        ("numbers that YAML 1.1 reads as text", "merge_method: linear\nmodels:\n"
         f"- {{model: {p('a')}, parameters: {{weight: 3e-1}}}}\n- {{model: {p('b')}, parameters: {{weight: '0.5'}}}}\n"
         "- {model: %s, parameters: {weight: [1e-1, 1_0.5, 0x2]}}\nparameters: {normalize: no}\n" % p("c"), []),
        ("mixed dtypes, promoted", linear | {"models": models(("ha", 1), ("half", 2))}, []),
        ("mixed dtypes within a model", linear | {"models": models(("mixed", 1), ("ha", 2))}, []),
        ("dtype float16", task | {"base_model": p("ha"), "models": models(("hb", 0.5)), "dtype": "float32",
                                  "out_dtype": "torch.float16"}, []),
        ("two tied models", linear | {"models": models(("tied", 1), ("tied2", 2))}, []),
        ("tied and untied", linear | {"models": models(("a", 1), ("tied", 2))}, []),
        ("untied and tied, tied base", task | {"base_model": p("tied"), "models": models(("a", 0.5))}, []),
        ("tied and untied by slerp", {"merge_method": "slerp", "base_model": p("a"), "models": [
            {"model": p("tied")}, {"model": p("a")}], "parameters": {"t": 0.3}}, []),
        ("union", linear | {"models": models(*tokens), "base_model": p("t0"),
                            "tokenizer": {"source": "union"}}, []),
        ("union of three", task | {"base_model": p("t0"), "models": models(("t1", 0.5), ("t2", 0.7)),
                                   "tokenizer_source": "union"}, []),
        ("union, base with more", task | {"base_model": p("t1"), "models": models(("t0", 0.5), ("t2", 0.7)),
                                          "tokenizer_source": "union"}, []),
        ("tokenizer of the base", linear | {"models": models(*tokens), "base_model": p("t0"),
                                            "tokenizer_source": "base"}, []),
        ("tokenizer of another model", linear | {"models": models(*tokens), "base_model": p("t0"),
                                                 "tokenizer_source": p("t1")}, []),
        ("padding", linear | {"models": models(*tokens), "base_model": p("t0"),
                              "tokenizer": {"source": "union", "pad_to_multiple_of": 16}}, []),
        ("rows of single tokens", linear | {"models": models(*tokens), "base_model": p("t0"), "tokenizer": {
            "source": "union", "tokens": {
                "<|x|>": {"source": {"kind": "zero"}}, "cd": {"source": p("t1"), "force": True},
                "added": {"source": {"kind": "model_token", "model": p("t0"), "token": "ab"}},
                "ab": {"source": {"kind": "model_token", "model": p("t1"), "token_id": 3}, "force": True},
                "new1": {"source": p("t1")}}}}, []),
        ("tokens without rows", linear | {"models": models(("short", 1), ("t0", 1)), "base_model": p("short"),
                                          "tokenizer_source": "union"}, []),
        ("rows without tokens", linear | {"models": models(("padded", 1), ("t0", 1)), "base_model": p("padded"),
                                          "tokenizer_source": "base"}, []),
        ("truncated embeddings", linear | {"models": models(("large", 1), ("a", 1))},
         ["--unsafe-truncate-embeddings"]),
        ("truncated embeddings, small base", task | {"base_model": p("a"), "models": models(("large", 0.5))},
         ["--unsafe-truncate-embeddings"]),
        ("other architectures", task | {"base_model": p("a"), "models": models(("mistral", 0.5))},
         ["--allow-crimes"]),
        ("adapter", linear | {"models": models(("a+" + p("lora"), 1), ("b", 2))}, ["--lora-merge-cache"]),
        ("adapter as the base", task | {"base_model": p("qa+" + p("rslora")), "models": models(("qb", 0.5))},
         ["--lora-merge-cache", "--no-copy-tokenizer"]),
        ("adapter of a half-precision model", {"merge_method": "passthrough", "models": [
            {"model": p("ha+" + p("hlora"))}]}, ["--lora-merge-cache"]),
        ("adapter in another type", {"merge_method": "passthrough", "models": [
            {"model": p("a+" + p("lora"))}]}, ["--lora-merge-cache", "--lora-merge-dtype", "float16"]),
        ("chat template", linear | {"models": models(("t0", 1)), "chat_template": "chatml"}, []),
        ("stages in any order", [
            {"name": "second", **linear, "models": [
                {"model": "first", "parameters": {"weight": 1}}, {"model": p("c"), "parameters": {"weight": 1}}]},
            linear | {"models": [{"model": "second", "parameters": {"weight": 1}},
                                 {"model": "first", "parameters": {"weight": 3}}]},
            {"name": "first", **linear, "models": models(*half)}], []),
    ]
    return found


class Case:
    def __init__(self, program: Path, folder: Path, recipe, options: list[str]):
        self.program, self.folder, self.options = program, folder, options
        self.recipe = folder / "recipe.yaml"
        text = recipe if isinstance(recipe, str) else (
            yaml.safe_dump_all(recipe) if isinstance(recipe, list) else yaml.safe_dump(recipe))
        self.recipe.write_text(text)
        self.isStaged = isinstance(recipe, list)

    def arguments(self) -> list[str]:
        cache = [str(self.folder / "cache")]
        return sum(([x] + (cache if x == "--lora-merge-cache" else []) for x in self.options), [])

    def theirs(self) -> Path:
        out = self.folder / "theirs"
        options = ["--no-write-model-card", "--quiet", *self.arguments()]
        LoaderCache().loaders.clear()  # else it hands out what another case has loaded
        if self.isStaged:
            multimerge.main.main([str(self.recipe), "-I", str(self.folder / "stages"), "--out-path", str(out),
                                  *options], standalone_mode=False)
        else:
            run_yaml.main.main([str(self.recipe), str(out), *options], standalone_mode=False)
        return out

    def ours(self) -> Path:
        out = self.folder / "ours"
        done = subprocess.run([self.program, "merge", self.recipe, out, *self.arguments()],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"mergevolve exited {done.returncode}: {done.stderr.strip()}")
        return out


def vocabulary(folder: Path) -> dict[str, int] | None:
    if not (folder / "tokenizer.json").exists():
        return None
    return transformers.AutoTokenizer.from_pretrained(folder).get_vocab()


def compare_folders(ours: Path, theirs: Path) -> list[str]:
    found = []
    left, right = load(ours), load(theirs)
    tokens, expected = vocabulary(ours), vocabulary(theirs)
    if (tokens is None) != (expected is None):
        found.append("one has a tokenizer, the other none")
    if tokens and expected:
        if tokens.keys() != expected.keys():
            found.append(f"tokens differ: {sorted(tokens.keys() ^ expected.keys())[:5]}")
        else:
            order = list(range(max(expected.values()) + 1))
            for token, number in expected.items():
                order[number] = tokens[token]
            for name in VOCABULARY_TENSORS:
                if name in left:
                    rows = left[name]
                    left[name] = torch.cat([rows[order], rows[len(order):]])
        found += tokenized(ours, theirs)
    found += compare(left, right, []).failures
    written, wanted = (json.loads((x / "config.json").read_text()) for x in (ours, theirs))
    for key in ("num_hidden_layers", "model_type", "hidden_size"):
        if written.get(key) != wanted.get(key):
            found.append(f"config {key}: {written.get(key)}, not {wanted.get(key)}")
    rows = left["model.embed_tokens.weight"].shape[0]
    if written["vocab_size"] != rows:
        found.append(f"config vocab_size {written['vocab_size']} with {rows} rows")
    return found + loadable(ours, left)


def tokenized(ours: Path, theirs: Path) -> list[str]:
    """Texts fall into the same tokens."""
    left, right = (transformers.AutoTokenizer.from_pretrained(x) for x in (ours, theirs))
    return [f"{text!r} falls into {left.tokenize(text)}, not {right.tokenize(text)}"
            for text in TEXTS if left.tokenize(text) != right.tokenize(text)] + (
        ["chat templates differ"] if messages(left) != messages(right) else [])


def messages(tokenizer) -> str | None:
    if not tokenizer.chat_template:
        return None
    return tokenizer.apply_chat_template([{"role": "user", "content": "a"}], tokenize=False)


def loadable(folder: Path, tensors: dict[str, torch.Tensor]) -> list[str]:
    """transformers computes with the weights that were written, and with no others."""
    model, info = transformers.AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    found = [f"{kind}: {sorted(names)[:3]}" for kind, names in info.items() if names]
    if not bool(torch.isfinite(model(torch.tensor([[1, 2, 3]])).logits).all()):
        found.append("logits are not finite")
    if "lm_head.weight" in tensors and model.config.tie_word_embeddings:
        found.append("the head that was written is not used")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mergevolve", type=Path, required=True, help="the program to check")
    parser.add_argument("--only", help="cases whose names contain this")
    options = parser.parse_args()
    torch.set_num_threads(1)
    failures = 0
    with tempfile.TemporaryDirectory(prefix="mergevolve-formats-") as scratch:
        models = build(Path(scratch) / "models")
        chosen = [x for x in cases(models) if not options.only or options.only in x[0]]
        for index, (name, recipe, arguments) in enumerate(chosen):
            folder = Path(scratch) / f"{index}"
            folder.mkdir()
            case = Case(options.mergevolve.resolve(), folder, recipe, arguments)
            try:
                ours = case.ours()
                try:
                    theirs = case.theirs()
                except StrictDataclassError:
                    # mergekit leaves per-layer lists as they are, which transformers refuses; the weights are there.
                    theirs = folder / "theirs"
                    shutil.copy(ours / "config.json", theirs / "config.json")
                found = compare_folders(ours, theirs)
            except Exception as error:  # a crash of either program is a finding, not the end
                found = [f"{type(error).__name__}: {error}"]
            failures += bool(found)
            print(f"{index:3} {name:42} {'FAIL' if found else 'ok'}", flush=True)
            for problem in found:
                print(f"      {problem}")
            shutil.rmtree(folder)
    print(f"\n{len(chosen)} cases, {failures} with differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
