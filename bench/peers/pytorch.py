"""PyTorch: transformers' GPT-2 in float32, one static batch."""

import torch
import transformers

from bench.peers.protocol import Ask, Texts, arguments, serve

network = transformers.GPT2LMHeadModel.from_pretrained(arguments()["model"], dtype=torch.float32).eval()


@torch.inference_mode()
def write(ask: Ask) -> Texts:
    prompts = torch.tensor(ask.prompts)
    transformers.set_seed(ask.seeds[0])
    choice = {
        "greedy": {"do_sample": False},
        "top-p": {"do_sample": True, "temperature": ask.temperature, "top_p": ask.top_p, "top_k": 0},
        "beam": {"do_sample": False, "num_beams": ask.num_beams, "no_repeat_ngram_size": ask.no_repeat_ngram_size},
    }[ask.strategy]
    written = network.generate(
        prompts,
        attention_mask=torch.ones_like(prompts),
        max_new_tokens=ask.new,
        min_new_tokens=ask.new,
        repetition_penalty=ask.repetition_penalty,
        pad_token_id=network.config.eos_token_id,
        **choice,
    )
    return [text.tolist() for text in written]


serve(write, f"PyTorch {torch.__version__}, transformers {transformers.__version__}, {torch.get_num_threads()} threads")
