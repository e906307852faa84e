"""Writes random models of options that Tests/Golden/architectures lacks, with the logits of transformers.

    python3 make.py FOLDER    # torch 2.13.0, transformers 5.23.0
"""

import json
import math
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

SIZES = dict(
    vocab_size=96, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0)
GPT2 = dict(
    vocab_size=96, n_embd=32, n_layer=3, n_head=4, n_positions=64, bos_token_id=1, eos_token_id=2)
YARN = dict(rope_type="yarn", factor=4.0, rope_theta=10000.0, original_max_position_embeddings=32)
LONGROPE = dict(
    rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.3, 1.7],
    long_factor=[1.0, 2.0, 4.0, 6.0])
CLASSES = {"GPT2": "GPT2LMHeadModel", "Gemma3Text": "Gemma3ForCausalLM"}


def old_gemma3(config):
    for key in ["rope_parameters", "layer_types", "_sliding_window_pattern"]:
        config.pop(key, None)
    config.update(
        rope_theta=500000.0, rope_local_base_freq=20000.0, sliding_window_pattern=2,
        rope_scaling={"rope_type": "linear", "factor": 8.0})


def old_neox(config):
    config.pop("rope_parameters")
    config.update(rotary_pct=0.5, rotary_emb_base=5000, rope_theta=77.0, rope_scaling=None)


def old_phi3(config):
    config.pop("rope_parameters")
    config.update(rope_theta=10000.0, rope_scaling=dict(LONGROPE, type=LONGROPE["rope_type"]))
    del config["rope_scaling"]["rope_type"]


# name: (class, changes of the sizes, lengths of the sequences, change of config.json)
CASES = {
    "llama_biases": ("Llama", dict(attention_bias=True, mlp_bias=True), [1, 9, 30], None),
    "llama_head256": ("Llama", dict(head_dim=256, num_attention_heads=2, num_key_value_heads=1), [9], None),
    "llama_dynamic": (
        "Llama",
        dict(max_position_embeddings=32,
             rope_parameters=dict(rope_type="dynamic", factor=4.0, rope_theta=10000.0)),
        [9, 32, 33, 70, 90], None),
    "llama_yarn": ("Llama", dict(rope_parameters=YARN), [9, 70], None),
    "llama_yarn_scaled": (
        "Llama",
        dict(rope_parameters=dict(
            YARN, factor=None, beta_fast=16, beta_slow=2, mscale=0.8, mscale_all_dim=1.2, truncate=False)),
        [9, 70], None),
    "qwen2_upper_windows": (
        "Qwen2", dict(use_sliding_window=True, sliding_window=5, max_window_layers=1), [9, 30], None),
    "gemma_first_files": ("Gemma", dict(head_dim=12), [9], lambda c: c.update(hidden_act="gelu")),
    "gemma2_uncapped": (
        "Gemma2",
        dict(head_dim=16, attn_logit_softcapping=None, final_logit_softcapping=None, sliding_window=7,
             query_pre_attn_scalar=30), [9, 30], None),
    "gemma3_old": ("Gemma3Text", dict(head_dim=16, sliding_window=6, num_hidden_layers=3), [30], old_gemma3),
    "phi_head_norms": ("Phi", dict(qk_layernorm=True, hidden_size=48), [9], None),
    "phi3_longrope": (
        "Phi3", dict(original_max_position_embeddings=16, tie_word_embeddings=True), [9, 16, 17, 30], old_phi3),
    "gpt2_inverse_layers": ("GPT2", dict(scale_attn_by_inverse_layer_idx=True, n_inner=50), [9], None),
    "gpt2_odd_heads": (
        "GPT2",
        dict(n_embd=35, n_head=5, scale_attn_weights=False, tie_word_embeddings=False,
             activation_function="relu"), [9], None),
    "gpt_neox_sequential": ("GPTNeoX", dict(use_parallel_residual=False, attention_bias=False), [9], old_neox),
    "granite_biases": (
        "Granite",
        dict(attention_bias=True, mlp_bias=True, embedding_multiplier=12.0, attention_multiplier=0.05,
             residual_multiplier=0.22, logits_scaling=0.5, tie_word_embeddings=True), [9], None),
    "olmo2_biases": ("Olmo2", dict(attention_bias=True, tie_word_embeddings=True), [9], None),
    "qwen3_biases": ("Qwen3", dict(attention_bias=True, head_dim=12), [9], None),
    "smollm3_windows": (
        "SmolLM3",
        dict(num_hidden_layers=3, no_rope_layer_interval=2, use_sliding_window=True, sliding_window=6),
        [30], None),
    "stablelm_head_norms": ("StableLm", dict(qk_layernorm=True, use_qkv_bias=True), [9], None),
    "stablelm_parallel": ("StableLm", dict(use_parallel_residual=True), [9], None),
    "starcoder2_unbiased": ("Starcoder2", dict(use_bias=False, tie_word_embeddings=False), [9], None),
    "cohere_head_norms": ("Cohere", dict(use_qk_norm=True, attention_bias=True, logit_scale=0.5), [9], None),
}


def randomize(model, config, random):
    for name, parameter in model.named_parameters():
        def normal():
            return torch.randn(parameter.shape, generator=random)

        if name.endswith("bias"):
            value = 0.3 * normal()
        elif "norm" in name or "ln_" in name:
            value = (0.0 if "gemma" in config.model_type else 1.0) + 0.3 * normal()
        elif "embed" in name or "wte" in name or "wpe" in name:
            value = (0.3 if config.tie_word_embeddings else 1.0) * normal()
        else:
            transposed = config.model_type == "gpt2" and "c_" in name
            value = 1.5 / math.sqrt(parameter.shape[0 if transposed else -1]) * normal()
        parameter.copy_(value.to(torch.bfloat16))


def write(folder: Path, name, family, changes, lengths, edit):
    random = torch.Generator().manual_seed(sum(map(ord, name)))
    sizes = dict(GPT2 if family == "GPT2" else SIZES, **changes)
    config = getattr(transformers, family + "Config")(**sizes)
    kind = getattr(transformers, CLASSES.get(family, family + "ForCausalLM"))
    model = kind(config)
    randomize(model, config, random)
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if edit:
        document = json.loads((folder / "config.json").read_text())
        edit(document)
        (folder / "config.json").write_text(json.dumps(document, indent=2) + "\n")
    sequences = [torch.randint(3, 90, (length,), generator=random).tolist() for length in lengths]
    logits = {}
    for index, tokens in enumerate(sequences):
        # Afresh each time: stretched rotations remember the longest sequence.
        model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        logits[f"seq{index}"] = model(torch.tensor([tokens]), use_cache=False).logits[0].contiguous()
    save_file(logits, folder / "logits.safetensors")
    (folder / "tokens.json").write_text(json.dumps({"sequences": sequences}) + "\n")


def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with torch.no_grad():
        for name, case in CASES.items():
            write(Path(sys.argv[1]) / name, name, *case)
            print(name, flush=True)


if __name__ == "__main__":
    main()
