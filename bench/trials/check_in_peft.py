"""Loads the adapter of bench/trials/real_model.ts in PEFT and compares log-probs of the recorded answers.

    deno run -RW bench/trials/to_folder.ts FILE.gguf FOLDER      # the base model as transformers reads it
    V/bin/python bench/trials/check_in_peft.py FOLDER runs/trial
"""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

base, run = sys.argv[1:]
recorded = json.load(open(f"{run}/pairs.json"))
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
model = PeftModel.from_pretrained(model, f"{run}/adapter").eval()
worst = 0.0
for text, ours in zip(recorded["texts"], recorded["adapterLogps"]):
    ids = text["ids"]
    with torch.no_grad():
        rows = torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)
    theirs = sum(rows[i - 1, ids[i]].item() for i in range(text["promptLength"], len(ids)))
    worst = max(worst, abs(ours / theirs - 1))
    print(f"peft {theirs:.5f}, leash {ours:.5f}")
print(f"worst relative difference {worst:.1e}")
