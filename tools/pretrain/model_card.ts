// What lies beside the embedded model's weights: the tokenizer's config for transformers.

/** `tokenizer_config.json`: one special token for begin, end and padding; nothing is cleaned up. */
export function tokenizerConfig(): Uint8Array<ArrayBuffer> {
  const end = "<|endoftext|>";
  return new TextEncoder().encode(
    JSON.stringify(
      {
        tokenizer_class: "PreTrainedTokenizerFast",
        bos_token: end,
        eos_token: end,
        pad_token: end,
        add_bos_token: true,
        clean_up_tokenization_spaces: false,
        model_max_length: 256,
      },
      null,
      2,
    ) + "\n",
  );
}
