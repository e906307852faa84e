"""Small random models of several architectures, written as checkpoints."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

ARCHITECTURES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
}
HIDDEN, INTERMEDIATE, LAYERS, VOCABULARY, HEADS, KEY_VALUE_HEADS = 48, 112, 4, 150, 4, 2


def config(model_type: str, tied: bool, dtype: torch.dtype) -> dict:
    return {
        "architectures": [ARCHITECTURES[model_type]],
        "model_type": model_type,
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_VALUE_HEADS,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": 128,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "tie_word_embeddings": tied,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": str(dtype).removeprefix("torch."),
    }


def shapes(model_type: str, tied: bool) -> dict[str, tuple[int, ...]]:
    key_value = HIDDEN // HEADS * KEY_VALUE_HEADS
    result = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN)}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        for name, out, size in [
            ("self_attn.q_proj", HIDDEN, HIDDEN),
            ("self_attn.k_proj", key_value, HIDDEN),
            ("self_attn.v_proj", key_value, HIDDEN),
            ("self_attn.o_proj", HIDDEN, HIDDEN),
            ("mlp.gate_proj", INTERMEDIATE, HIDDEN),
            ("mlp.up_proj", INTERMEDIATE, HIDDEN),
            ("mlp.down_proj", HIDDEN, INTERMEDIATE),
        ]:
            result[f"{prefix}{name}.weight"] = (out, size)
            if model_type == "qwen2" and name[10:] in ("q_proj", "k_proj", "v_proj"):
                result[f"{prefix}{name}.bias"] = (out,)
        result[prefix + "input_layernorm.weight"] = (HIDDEN,)
        result[prefix + "post_attention_layernorm.weight"] = (HIDDEN,)
    result["model.norm.weight"] = (HIDDEN,)
    if not tied:
        result["lm_head.weight"] = (VOCABULARY, HIDDEN)
    return result


def write(folder: Path, tensors: dict[str, torch.Tensor], document: dict) -> None:
    folder.mkdir(parents=True)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(document, indent=2) + "\n")


def family(folder: Path, model_type: str, dtype: torch.dtype, tied: bool, seed: int) -> Path:
    """A base and three models made from it: near, sparse and far."""
    random = torch.Generator().manual_seed(seed)

    def normal(shape: tuple[int, ...]) -> torch.Tensor:
        return torch.randn(shape, generator=random)

    sizes = shapes(model_type, tied)
    base = {
        name: (1 + 0.1 * normal(shape)) if "norm" in name else 0.05 * normal(shape)
        for name, shape in sizes.items()
    }
    document = config(model_type, tied, dtype)
    write(folder / "base", {name: x.to(dtype) for name, x in base.items()}, document)
    for name, spread, share in [("near", 0.002, 1.0), ("sparse", 0.02, 0.3), ("far", 0.06, 1.0)]:
        model = {}
        for tensor, x in base.items():
            touched = torch.rand(x.shape, generator=random) < share
            model[tensor] = (x + spread * normal(x.shape) * touched).to(dtype)
        write(folder / name, model, document)
    return folder
