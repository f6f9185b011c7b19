"""Trains the mouth model on what corpus.py and features.ts wrote, prints how well it does on unseen speakers.

Usage: python3 train.py CORPUS_DIR MODEL.json [EPOCHS]
The model is a perceptron: frames at OFFSETS around the present one -> HIDDEN -> HIDDEN -> softmax over the classes.
"""

import base64, glob, json, sys
import numpy as np
from corpus import CLASSES

OFFSETS = [-14, -10, -7, -5, -3, -2, -1, 0, 1, 2, 3, 5, 7, 10, 14]
HIDDEN = [80, 40]
FEATURES = 25
HOP = 0.01
# What is spoken as a stop but heard as the burst after it: this part of the end is the next sound's.
RELEASE = 0.2


def load(folder):
    frames, labels, starts = [], [], []
    for path in sorted(glob.glob(f"{folder}/*.f32")):
        values = np.fromfile(path, "<f4").reshape(-1, FEATURES)
        label = np.zeros(len(values), np.int64)
        segments = json.load(open(path[:-3] + "json"))["segments"]
        for index, (start, end, phone, number) in enumerate(segments):
            if phone in ("p", "b", "ph", "t", "d", "k", "g", "th", "kh") and index + 1 < len(segments) and segments[index + 1][3] != 0:
                end -= min(0.04, RELEASE * (end - start))
                segments[index + 1][0] = end
        for start, end, _, number in segments:
            label[int(np.ceil(start / HOP)) : int(np.ceil(end / HOP))] = number
        pad = max(OFFSETS)
        frames.append(np.pad(values, ((pad, pad), (0, 0)), "edge"))
        labels.append(np.pad(label, (pad, pad), constant_values=-1))
    return np.concatenate(frames).astype(np.float32), np.concatenate(labels)


def stack(frames, at):
    return frames[at[:, None] + np.array(OFFSETS)].reshape(len(at), -1)


def forward(layers, x):
    outs = [x]
    for index, (w, b) in enumerate(layers):
        x = x @ w + b
        if index + 1 < len(layers):
            x = np.maximum(x, 0)
        outs.append(x)
    return outs


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def main(corpus, target, epochs):
    dice = np.random.default_rng(5)
    frames, labels = load(f"{corpus}/train")
    at = np.flatnonzero(labels >= 0)
    counts = np.bincount(labels[at], minlength=len(CLASSES))
    weights = (counts.mean() / counts) ** 0.4
    sizes = [len(OFFSETS) * FEATURES, *HIDDEN, len(CLASSES)]
    layers = [[(dice.normal(size=(a, b)) * np.sqrt(2 / a)).astype(np.float32), np.zeros(b, np.float32)] for a, b in zip(sizes, sizes[1:])]
    moments = [[[np.zeros_like(p), np.zeros_like(p)] for p in layer] for layer in layers]
    step, batch = 0, 512
    total = epochs * (len(at) // batch)
    for epoch in range(epochs):
        dice.shuffle(at)
        loss = 0
        for start in range(0, len(at) - batch + 1, batch):
            step += 1
            rows = at[start : start + batch]
            y = labels[rows]
            x = stack(frames, rows)
            x = x + dice.normal(scale=0.15, size=x.shape).astype(np.float32)
            outs = forward(layers, x)
            p = softmax(outs[-1])
            w = weights[y]
            loss += float(np.mean(-w * np.log(p[np.arange(batch), y] + 1e-9)))
            grad = p
            grad[np.arange(batch), y] -= 1
            grad *= (w / batch)[:, None].astype(np.float32)
            rate = 2e-3 * (0.5 + 0.5 * np.cos(np.pi * step / total)) + 1e-5
            for index in range(len(layers) - 1, -1, -1):
                w_, b_ = layers[index]
                grads = [outs[index].T @ grad + 1e-5 * w_, grad.sum(0)]
                grad = (grad @ w_.T) * (outs[index] > 0) if index else None
                for which, g in enumerate(grads):
                    m, v = moments[index][which]
                    m += 0.1 * (g - m)
                    v += 0.001 * (g * g - v)
                    layers[index][which] -= (rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)).astype(np.float32)
        print(f"epoch {epoch} loss {loss * batch / len(at):.3f}", flush=True)
    packed = []
    for w, b in layers:
        scale = float(np.abs(w).max() / 127)
        whole = np.clip(np.round(w / scale), -127, 127)
        packed.append({"inputs": w.shape[0], "outputs": w.shape[1], "scale": scale,
                       "weights": base64.b64encode(whole.T.astype(np.int8).tobytes()).decode(),
                       "biases": [round(float(v), 5) for v in b]})
    json.dump({"classes": CLASSES, "offsets": OFFSETS, "features": FEATURES, "layers": packed}, open(target, "w"))
    frames, labels = load(f"{corpus}/test")
    at = np.flatnonzero(labels >= 0)
    whole = [[(np.clip(np.round(w / (np.abs(w).max() / 127)), -127, 127) * (np.abs(w).max() / 127)).astype(np.float32), b] for w, b in layers]
    guess = np.concatenate([forward(whole, stack(frames, part))[-1].argmax(1) for part in np.array_split(at, 50)])
    truth = labels[at]
    table = np.array([[np.mean(guess[truth == a] == b) for b in range(len(CLASSES))] for a in range(len(CLASSES))])
    print("unseen speakers, frames right:", round(float(np.mean(guess == truth)), 3))
    for name, row in zip(CLASSES, table):
        print(f"{name:12}", " ".join(f"{100 * v:3.0f}" for v in row))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 7)
