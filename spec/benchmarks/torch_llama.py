"""The peer of the GPU figures: a plain Llama of the 1.1B shape in PyTorch, eager and under torch.compile.

    python3 torch_llama.py [--layers 22] [--prefill 2048] [--decode 256]

Random weights in bfloat16, one sequence, greedy. Prints one JSON object a line: the copy and read bandwidth of the device,
a large matrix product, attention alone, prefill in seconds and decode in seconds a token (medians).
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F


class Block(torch.nn.Module):
    def __init__(self, d, heads, kv_heads, ffn, length):
        super().__init__()
        self.heads, self.kv_heads, self.e = heads, kv_heads, d // heads
        linear = lambda i, o: torch.nn.Linear(i, o, bias=False)
        self.q, self.k, self.v = linear(d, d), linear(d, kv_heads * self.e), linear(d, kv_heads * self.e)
        self.o = linear(d, d)
        self.gate, self.up, self.down = linear(d, ffn), linear(d, ffn), linear(ffn, d)
        self.n1, self.n2 = torch.nn.RMSNorm(d, eps=1e-5), torch.nn.RMSNorm(d, eps=1e-5)
        self.register_buffer("ks", torch.zeros(1, kv_heads, length, self.e))
        self.register_buffer("vs", torch.zeros(1, kv_heads, length, self.e))

    def forward(self, x, cos, sin, at, mask):
        t = x.shape[1]
        n = self.n1(x)
        q = rotate(self.q(n).view(1, t, self.heads, self.e).transpose(1, 2), cos, sin)
        k = rotate(self.k(n).view(1, t, self.kv_heads, self.e).transpose(1, 2), cos, sin)
        v = self.v(n).view(1, t, self.kv_heads, self.e).transpose(1, 2)
        self.ks.index_copy_(2, at, k)
        self.vs.index_copy_(2, at, v)
        if mask is None:  # prefill from empty: the new keys are all keys
            a = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        else:
            a = F.scaled_dot_product_attention(q, self.ks, self.vs, attn_mask=mask, enable_gqa=True)
        x = x + self.o(a.transpose(1, 2).reshape(1, t, -1))
        n = self.n2(x)
        return x + self.down(F.silu(self.gate(n)) * self.up(n))


def rotate(x, cos, sin):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class Llama(torch.nn.Module):
    def __init__(self, vocab, d, layers, heads, kv_heads, ffn, length):
        super().__init__()
        self.embed = torch.nn.Embedding(vocab, d)
        self.blocks = torch.nn.ModuleList(Block(d, heads, kv_heads, ffn, length) for _ in range(layers))
        self.norm = torch.nn.RMSNorm(d, eps=1e-5)
        self.unembed = torch.nn.Linear(d, vocab, bias=False)
        e = d // heads
        angle = torch.outer(torch.arange(length).float(), 10000.0 ** (-torch.arange(0, e, 2).float() / e))
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())
        self.register_buffer("causal", torch.tril(torch.ones(length, length, dtype=torch.bool)))

    def forward(self, tokens, at, step: bool):
        x = self.embed(tokens)
        cos, sin = self.cos[at], self.sin[at]
        mask = self.causal[at][None, None] if step else None
        for block in self.blocks:
            x = block(x, cos, sin, at, mask)
        return self.unembed(self.norm(x[:, -1:]))


def timed(run, repeat):
    """Median seconds by device events, after three warm-ups."""
    for _ in range(3):
        run()
    spans = []
    for _ in range(repeat):
        a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        a.record()
        run()
        b.record()
        torch.cuda.synchronize()
        spans.append(a.elapsed_time(b) / 1e3)
    return statistics.median(spans)


def say(**row):
    print(json.dumps(row), flush=True)


def decode(model, token, first, count):
    """Greedy decoding: seconds a token as a user waits for them, each chosen token fed back on the device."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    at = torch.tensor([first], device="cuda")
    for _ in range(count):
        token = model(token, at, True).argmax(-1)
        at = at + 1
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / count


def main():
    p = argparse.ArgumentParser()
    for name, value in dict(vocab=32000, d=2048, layers=22, heads=32, kv_heads=4, ffn=5632, prefill=2048, decode=256).items():
        p.add_argument("--" + name.replace("_", "-"), type=int, default=value)
    p.add_argument("--no-compile", action="store_true")
    o = p.parse_args()
    torch.manual_seed(0)
    say(what="device", name=torch.cuda.get_device_name(), torch=torch.__version__)

    a = torch.empty(1 << 30, device="cuda").normal_()
    b = torch.empty_like(a)
    say(what="copy", gb_per_s=round(8 * a.numel() / timed(lambda: b.copy_(a), 10) / 1e9))
    say(what="read", gb_per_s=round(4 * a.numel() / timed(lambda: a.sum(), 10) / 1e9))
    del a, b
    for m, n, k in ((8192, 8192, 8192), (o.prefill, o.ffn, o.d), (o.prefill, o.d, o.d), (1, o.ffn, o.d)):
        x, w = torch.randn(m, k, device="cuda").bfloat16(), torch.randn(n, k, device="cuda").bfloat16()
        s = timed(lambda: F.linear(x, w), 20)
        say(what="linear", m=m, n=n, k=k, us=round(s * 1e6, 1), tflops=round(2 * m * n * k / s / 1e12, 1))
    e = o.d // o.heads
    q = torch.randn(1, o.heads, o.prefill, e, device="cuda").bfloat16()
    k, v = (torch.randn(1, o.kv_heads, o.prefill, e, device="cuda").bfloat16() for _ in range(2))
    s = timed(lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True), 20)
    say(what="attention", us=round(s * 1e6, 1), tflops=round(2 * o.heads * o.prefill * o.prefill * e / s / 1e12, 1))

    with torch.device("cuda"):
        model = Llama(o.vocab, o.d, o.layers, o.heads, o.kv_heads, o.ffn, o.prefill + o.decode)
    model = model.to(torch.bfloat16).eval()
    tokens = torch.randint(0, o.vocab, (1, o.prefill), device="cuda")
    every = torch.arange(o.prefill, device="cuda")
    ways = [("eager", model)]
    if not o.no_compile:
        ways.append(("torch.compile", torch.compile(model, mode="reduce-overhead", fullgraph=True)))
    with torch.inference_mode():
        for way, m in ways:
            start = time.perf_counter()
            m(tokens, every, False)
            token = model(tokens, every, False).argmax(-1)
            decode(m, token, o.prefill, 8)
            warm = time.perf_counter() - start
            prefill = timed(lambda: m(tokens, every, False), 10)
            steps = statistics.median(decode(m, token, o.prefill, o.decode) for _ in range(3))
            weights = sum(w.numel() for w in model.parameters()) - model.embed.weight.numel()
            say(what=way, first_s=round(warm, 1), prefill_ms=round(prefill * 1e3, 2), prefill_tokens_per_s=round(o.prefill / prefill),
                decode_ms=round(steps * 1e3, 3), decode_tokens_per_s=round(1 / steps), weights_gb_per_s=round(2 * weights / steps / 1e9))


if __name__ == "__main__":
    main()
