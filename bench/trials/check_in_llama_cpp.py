"""Loads the LoRA GGUF of an adapter of bench/trials/real_model.ts in llama.cpp and compares log-probs of the answers.

Give an F32 GGUF of the base: llama.cpp rounds activations to 8 bits beside quantised weights, which we do not.

    leash export --adapter runs/trial/adapter --model FILE.gguf --to gguf-lora --out adapter.gguf
    V/bin/pip install llama-cpp-python                           # builds llama.cpp
    V/bin/python bench/trials/check_in_llama_cpp.py BASE_F32.gguf adapter.gguf runs/trial
"""

import ctypes
import json
import sys

import llama_cpp as llama
import numpy as np

base, adapter, run = sys.argv[1:]
recorded = json.load(open(f"{run}/pairs.json"))
llama.llama_backend_init()
model = llama.llama_model_load_from_file(base.encode(), llama.llama_model_default_params())
params = llama.llama_context_default_params()
params.n_ctx = params.n_batch = params.n_ubatch = 1024
params.type_k = params.type_v = llama.GGML_TYPE_F32  # f16 by default
params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED  # f16 sums
context = llama.llama_init_from_model(model, params)
lora = llama.llama_adapter_lora_init(model, adapter.encode())
assert lora, "llama.cpp does not take the adapter"
vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))


def logp(ids, prompt_length):
    llama.llama_memory_clear(llama.llama_get_memory(context), True)
    batch = llama.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for i, token in enumerate(ids):
        batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, i, 1
        batch.seq_id[i][0], batch.logits[i] = 0, 1
    assert llama.llama_decode(context, batch) == 0
    total = 0.0
    for i in range(prompt_length, len(ids)):
        row = np.ctypeslib.as_array(llama.llama_get_logits_ith(context, i - 1), (vocabulary,))
        row = row.astype(np.float64)
        total += row[ids[i]] - row.max() - np.log(np.exp(row - row.max()).sum())
    llama.llama_batch_free(batch)
    return total


def set_adapters(count):
    adapters = (llama.llama_adapter_lora_p_ctypes * 1)(lora)
    assert llama.llama_set_adapters_lora(context, adapters, count, (ctypes.c_float * 1)(1.0)) == 0


worst = 0.0
for text, ours in zip(recorded["texts"], recorded["adapterLogps"]):
    set_adapters(0)
    bare = logp(text["ids"], text["promptLength"])
    set_adapters(1)
    theirs = logp(text["ids"], text["promptLength"])
    worst = max(worst, abs(ours / theirs - 1))
    print(f"llama.cpp {theirs:.5f} (without the adapter {bare:.5f}), leash {ours:.5f}")
print(f"worst relative difference {worst:.1e}")
