"""Models that differ from one model by independent noise of equal norm."""

import json
import pathlib
import shutil

import numpy as np


def _read(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8:8 + size]), data[8 + size:]


def _single(raw, dtype):
    if dtype == "BF16":
        return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    if dtype == "F32":
        return np.frombuffer(raw, "<f4")
    raise SystemExit(f"cannot add noise to {dtype}")


def _stored(values, dtype):
    if dtype == "F32":
        return values.astype("<f4").tobytes()
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def write(model, folder, scale, seed):
    """A copy of `model` in which every tensor has gained Gaussian noise with `scale` times its own norm."""
    model, folder = pathlib.Path(model), pathlib.Path(folder)
    folder.mkdir(parents=True)
    for file in model.iterdir():
        if file.name != "model.safetensors":
            shutil.copy(file, folder)
    header, data = _read(model / "model.safetensors")
    rng = np.random.default_rng(seed)
    out = bytearray(data)
    for name in sorted(key for key in header if key != "__metadata__"):
        begin, end = header[name]["data_offsets"]
        values = _single(data[begin:end], header[name]["dtype"])
        noise = rng.standard_normal(len(values))
        noise *= scale * np.linalg.norm(values.astype(np.float64)) / np.linalg.norm(noise)
        out[begin:end] = _stored(values + noise, header[name]["dtype"])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(out))
