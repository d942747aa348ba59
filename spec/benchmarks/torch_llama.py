"""The peer of the GPU figures: a plain Llama of the 1.1B shape in PyTorch, and its published variants, eager and under torch.compile.

    python3 torch_llama.py [--variant llama|diffllama|tokenformer|lime] [--layers 22] [--prefill 2048] [--decode 256]

Random weights in bfloat16, one sequence, greedy. Prints one JSON object a line: the copy and read bandwidth of the device,
a large matrix product, attention alone, prefill in seconds and decode in seconds a token (medians).
"""
import argparse
import json
import math
import statistics
import time

import torch
import torch.nn.functional as F
from torch.nn.attention.flex_attention import create_block_mask, flex_attention


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

    def project(self, n, cos, sin):
        t = n.shape[1]
        q = rotate(self.q(n).view(1, t, self.heads, self.e).transpose(1, 2), cos, sin)
        k = rotate(self.k(n).view(1, t, self.kv_heads, self.e).transpose(1, 2), cos, sin)
        return q, k, self.v(n).view(1, t, self.kv_heads, self.e).transpose(1, 2)

    def attend(self, q, k, v, mask):
        # Prefill begins with nothing: the new keys are all keys.
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None, enable_gqa=True)

    def mlp(self, n):
        return self.down(F.silu(self.gate(n)) * self.up(n))

    def recall(self, k, v, before):
        return k, v

    def forward(self, x, cos, sin, at, mask, before):
        t = x.shape[1]
        q, k, v = self.project(self.n1(x), cos, sin)
        k, v = self.recall(k, v, before)
        self.ks.index_copy_(2, at, k)
        self.vs.index_copy_(2, at, v)
        a = self.attend(q, k, v, None) if mask is None else self.attend(q, self.ks, self.vs, mask)
        x = x + self.o(a.transpose(1, 2).reshape(1, t, -1))
        return x + self.mlp(self.n2(x))


class Differential(Block):
    """Differential attention (Ye et al. 2024) as diffllama's: the maps of a pair stand half of all heads apart; values of a pair
    are of twice the width, taken half by half so that scaled_dot_product_attention serves."""

    def __init__(self, d, heads, kv_heads, ffn, length, layer):
        super().__init__(d, heads, kv_heads, ffn, length)
        self.init = 0.8 - 0.6 * math.exp(-0.3 * layer)
        self.lambdas = torch.nn.Parameter(0.1 * torch.randn(4, self.e))
        self.sub = torch.nn.RMSNorm(2 * self.e, eps=1e-5, elementwise_affine=False)

    def attend(self, q, k, v, mask):
        halves = [super(Differential, self).attend(q, k, torch.cat((half, half), dim=1), mask) for half in v.chunk(2, dim=1)]
        first, second = torch.cat(halves, dim=-1).chunk(2, dim=1)
        q1, k1, q2, k2 = self.lambdas.float()
        weight = (q1 @ k1).exp() - (q2 @ k2).exp() + self.init
        return self.sub(first - weight.to(first.dtype) * second) * (1 - self.init)


class Pattention(torch.nn.Module):
    """Attention to learned slots (Wang et al. 2024, equation 7)."""

    def __init__(self, i, o, slots):
        super().__init__()
        self.keys = torch.nn.Parameter(0.02 * torch.randn(slots, i))
        self.values = torch.nn.Parameter(0.02 * torch.randn(slots, o))

    def forward(self, x):
        s = F.linear(x, self.keys)
        return F.gelu(s * (len(self.keys) ** 0.5 / s.float().norm(dim=-1, keepdim=True)).to(s.dtype)) @ self.values


class TokenFormer(Block):
    """Every projection attends to slots; norms without weights; a quarter of each head turns."""

    def __init__(self, d, heads, slots, ffn_slots, length):
        torch.nn.Module.__init__(self)
        self.heads, self.kv_heads, self.e = heads, heads, d // heads
        self.q, self.k, self.v, self.o = (Pattention(d, d, slots) for _ in range(4))
        self.feed = Pattention(d, d, ffn_slots)
        self.n1, self.n2 = (torch.nn.LayerNorm(d, elementwise_affine=False) for _ in range(2))
        self.register_buffer("ks", torch.zeros(1, heads, length, self.e))
        self.register_buffer("vs", torch.zeros(1, heads, length, self.e))

    def mlp(self, n):
        return self.feed(n)


class Lime(Block):
    """Layer-integrated memory (Gerasimov et al. 2025): keys and values are mixed from those of all layers so far, head by head."""

    def __init__(self, d, heads, kv_heads, ffn, length, layer):
        super().__init__(d, heads, kv_heads, ffn, length)
        self.weights = torch.nn.Parameter(torch.randn(kv_heads, (layer + 1) * kv_heads) / ((layer + 1) * kv_heads) ** 0.5)

    def recall(self, k, v, before):
        before.append((k, v))
        if len(before) == 1:
            return k, v
        mix = lambda rows: torch.einsum("gn,bnte->bgte", self.weights, torch.cat(rows, dim=1))
        return mix([k for k, _ in before]), mix([v for _, v in before])


def rotate(x, cos, sin):
    x, rest = x[..., : 2 * cos.shape[-1]], x[..., 2 * cos.shape[-1] :]
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin, rest), dim=-1)


def blocks(variant, d, layers, heads, kv_heads, ffn, length):
    for layer in range(layers):
        if variant == "diffllama":
            yield Differential(d, heads, kv_heads, ffn, length, layer)
        elif variant == "lime":
            yield Lime(d, heads, kv_heads, ffn, length, layer)
        elif variant == "tokenformer":  # as many parameters as the Llama has
            yield TokenFormer(d, heads, 576, 3 * ffn // 2, length)
        else:
            yield Block(d, heads, kv_heads, ffn, length)


class Llama(torch.nn.Module):
    def __init__(self, variant, vocab, d, layers, heads, kv_heads, ffn, length):
        super().__init__()
        self.embed = torch.nn.Embedding(vocab, d)
        self.blocks = torch.nn.ModuleList(blocks(variant, d, layers, heads, kv_heads, ffn, length))
        self.norm = torch.nn.RMSNorm(d, eps=1e-5)
        self.unembed = torch.nn.Linear(d, vocab, bias=False)
        e = d // heads // (4 if variant == "tokenformer" else 1)
        angle = torch.outer(torch.arange(length).float(), 10000.0 ** (-torch.arange(0, e, 2).float() / e))
        self.register_buffer("cos", angle.cos())
        self.register_buffer("sin", angle.sin())
        self.register_buffer("causal", torch.tril(torch.ones(length, length, dtype=torch.bool)))

    def forward(self, tokens, at, step: bool):
        x = self.embed(tokens)
        cos, sin = self.cos[at], self.sin[at]
        mask = self.causal[at][None, None] if step else None
        before = []
        for block in self.blocks:
            x = block(x, cos, sin, at, mask, before)
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


def ceilings(o):
    """What the device does by itself."""
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
    causal = create_block_mask(lambda b, h, t, s: s <= t, None, None, o.prefill, o.prefill)
    flex = torch.compile(flex_attention)
    sdpa = lambda k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    flexible = lambda k, v: flex(q, k, v, block_mask=causal, enable_gqa=True)

    def difference(maps):
        """Differential attention alone: what the second half of the heads gives is taken from the first's."""
        first, second = maps.chunk(2, dim=1)
        return first - 0.2 * second

    # Values of a pair of heads are of twice the width: half by half for the fast kernels of the first, whole for the second.
    halves = [torch.cat((half, half), dim=1) for half in v.chunk(2, dim=1)]
    whole = torch.cat(halves, dim=-1)
    ways = dict(scaled_dot_product_attention=lambda: sdpa(k, v),
                flex_attention=lambda: flexible(k, v),
                differential_scaled_dot_product_attention=lambda: difference(torch.cat([sdpa(k, half) for half in halves], dim=-1)),
                differential_flex_attention=lambda: difference(flexible(k, whole)))
    for way, run in ways.items():
        s = timed(run, 20)
        say(what=way, us=round(s * 1e6, 1))


def main():
    p = argparse.ArgumentParser()
    for name, value in dict(vocab=32000, d=2048, layers=22, heads=32, kv_heads=4, ffn=5632, prefill=2048, decode=256).items():
        p.add_argument("--" + name.replace("_", "-"), type=int, default=value)
    p.add_argument("--variant", default="llama", choices=("llama", "diffllama", "tokenformer", "lime"))
    p.add_argument("--no-compile", action="store_true")
    p.add_argument("--ceilings", action="store_true", help="no model, only what the device does by itself")
    o = p.parse_args()
    torch.manual_seed(0)
    say(what="device", name=torch.cuda.get_device_name(), torch=torch.__version__)

    if o.variant == "llama":
        ceilings(o)
    if o.ceilings:
        return
    with torch.device("cuda"):
        model = Llama(o.variant, o.vocab, o.d, o.layers, o.heads, o.kv_heads, o.ffn, o.prefill + o.decode)
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
            say(what=way, variant=o.variant, first_s=round(warm, 1), prefill_ms=round(prefill * 1e3, 2), prefill_tokens_per_s=round(o.prefill / prefill),
                decode_ms=round(steps * 1e3, 3), decode_tokens_per_s=round(1 / steps), weights_gb_per_s=round(2 * weights / steps / 1e9))


if __name__ == "__main__":
    main()
