"""Speaks random words with several synthesizers and writes what was said when.

Usage: python3 corpus.py OUT_DIR [COUNT_PER_SPEAKER]
Needs numpy, scipy and, from Debian: libespeak-ng1, flite, festival, festlex-cmu, festvox-kallpc16k, festvox-kdlpc16k,
festvox-us-slt-hts, festvox-itapc16k, festvox-italp16k, festvox-czech-{dita,krb,machac,ph}, festvox-suopuhe-{lj,mv}. Writes OUT_DIR/{train,test}/NAME.wav (16 kHz mono) and NAME.json
({"language", "segments": [[start s, end s, phone, class], ...]}). Speakers and texts of `test` never occur in `train`.
"""

import ctypes, json, os, random, re, subprocess, sys, tempfile
import numpy as np
from scipy.io import wavfile
from scipy.signal import fftconvolve, lfilter, resample_poly

RATE = 16000
CLASSES = ["sil", "closed", "labiodental", "sibilant", "hush", "consonant", "open", "mid", "spread", "round-open", "round"]
# Phones of the CMU set (festival, flite) and of espeak's en and cmn voices. A diphthong is two classes, split in the middle.
PHONES = {
    "closed": "p b m ph p#",
    "labiodental": "f v",
    "sibilant": "s z ts ts; tsh ts.h s; S; tS; tS;h dZ;",
    "hush": "sh zh ch jh S Z tS dZ s. ts. s.r ts.r ts.h z.",
    "consonant": "t d n l th dh k g ng hh h dx T D N x X kh th* t# l# L r@ nx R R2 t2 ?",
    "open": "aa ae ah A A: a 0 aa@ V A~ 0# A@ 03 a@ a#* aI@ aU@ &",
    "mid": "eh er ax axr E 3 3: @ e@ I2@ @L E: o- @r @2 @5 a# e @- i2 I# I2 er* V# e#",
    "spread": "iy ih ix y i i: I j i@ i@3 i[ i. i-",
    "round-open": "ao O O: o o@ O@ oe O2 0: @o",
    "round": "uw uh w u u: U y* y: r r- u- W",
}
TABLE = {phone: name for name, phones in PHONES.items() for phone in phones.split()}
TABLE.pop("th*", None)
CMU_ONLY = {"y": "spread", "er": "mid", "th": "consonant", "r": "round", "ey": "mid spread", "ay": "open spread",
            "ow": "round-open round", "aw": "open round", "oy": "round-open spread"}
ESPEAK_ONLY = {
    "eI": "mid spread", "aI": "open spread", "oU": "round-open round", "aU": "open round", "OI": "round-open spread",
    "ai": "open spread", "au": "open round", "ei": "mid spread", "ou": "round-open round", "iA": "spread open",
    "ia": "spread open", "iE": "spread mid", "iou": "spread round", "i@u": "spread round", "iau": "spread open round",
    "iAu": "spread open round", "i&": "spread open", "iu": "spread round", "io": "spread round-open", "uA": "round open",
    "ua": "round open", "uai": "round open spread", "uo": "round round-open", "uei": "round mid spread",
    "ui": "round spread", "u@": "round mid", "yE": "round mid", "y&": "round open", "yu": "round", "y": "round",
    "Au": "open round", "yi": "round", "ong": "round", "y@": "round mid", "U@": "round mid", "aI3": "open spread mid", ";": "consonant", "iO": "spread round-open", "th": "consonant", "uAn": "round open", "o": "round-open",
}
STOPS = {"p", "t", "k", "tS", "ph", "th", "kh", "ts.", "tS;", "ts", "ts.h", "tsh", "tS;h", "p#"}


def classes_of(phone, espeak):
    bare = re.sub(r"[0-9]+$", "", phone) if not espeak else phone.lstrip("',%=|").rstrip("`")
    own = ESPEAK_ONLY if espeak else CMU_ONLY
    found = own.get(bare) or TABLE.get(bare) or TABLE.get(bare.rstrip("0123456789:;#"))
    return found.split() if found else None


class Event(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("uid", ctypes.c_uint), ("text", ctypes.c_int), ("length", ctypes.c_int),
                ("ms", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("name", ctypes.c_char * 8)]


class Espeak:
    """libespeak-ng with phoneme events (option 1), synchronous output (2)."""

    def __init__(self):
        self.lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.lib.espeak_Initialize(2, 0, None, 1)
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))
        self.keep = kind(self.receive)
        self.lib.espeak_SetSynthCallback(self.keep)

    def receive(self, wave, count, events):
        if wave and count:
            self.sound.append(ctypes.string_at(wave, count * 2))
        index = 0
        while events[index].type != 0:
            if events[index].type == 7:
                self.events.append((events[index].ms / 1000, events[index].name.decode("utf8", "replace")))
            index += 1
        return 0

    def say(self, voice, text, words_per_minute=175, pitch=50):
        self.sound, self.events = [], []
        data = text.encode()
        if self.lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(voice)
        self.lib.espeak_SetParameter(1, words_per_minute, 0)
        self.lib.espeak_SetParameter(3, pitch, 0)
        self.lib.espeak_Synth(data, len(data) + 1, 0, 0, 0, 1, None, None)
        sound = np.frombuffer(b"".join(self.sound), "<i2").astype(np.float32) / 32768
        ends = [time for time, _ in self.events[1:]] + [len(sound) / self.rate]
        phones = [[start, end, name] for (start, name), end in zip(self.events, ends)]
        return sound, self.rate, close_stops(phones, sound, self.rate)


def close_stops(phones, sound, rate):
    """espeak reports a voiceless stop at its burst; its closure is the silence at the end of the phone before."""
    step = int(rate * 0.005)
    for before, phone in zip(phones, phones[1:]):
        if phone[2] in STOPS and not before[2].startswith("_:"):
            at = int(phone[0] * rate)
            while at - step > before[0] * rate and phone[0] * rate - at < 0.09 * rate and np.abs(sound[at - step:at]).max() < 0.004:
                at -= step
            before[1] = phone[0] = at / rate
    return phones


# Diphone voices of people who speak other languages: syllables at random, phone by phone.
FOREIGN = {
    "closed": "p b m", "labiodental": "f v", "sibilant": "s z ts dz c", "hush": "S tS dZ s~ z~ c~ r~",
    "consonant": "t d n l k g h ch d~ t~ n~ L J r", "open": "a a: a1 &", "mid": "e e: E e1", "spread": "i i: i1 j",
    "round-open": "o o: O o1 7", "round": "u u: u1 y y: w",
}
FOREIGN_CLASS = {phone: name for name, phones in FOREIGN.items() for phone in phones.split()}


def syllables(voice, dice):
    """Phones of random syllables that this voice has; a pause now and then."""
    own = voice_phones(voice)
    vowels = [p for p in own if FOREIGN_CLASS[p] in ("open", "mid", "spread", "round-open", "round") and p not in "jw"]
    consonants = [p for p in own if p not in vowels]
    labials = [p for p in own if FOREIGN_CLASS[p] == "closed"]
    phones = ["#"]
    for _ in range(dice.randint(14, 20)):
        phones += [dice.choice(labials if dice.random() < 0.3 else consonants), dice.choice(vowels)]
        phones += [dice.choice(["n", "m", "l", "s", "p", "k"])] if dice.random() < 0.2 else []
        phones += ["#"] if dice.random() < 0.08 else []
    return phones + ["#"]


def voice_phones(voice):
    if voice not in voice_phones.known:
        script = f"(begin (voice_{voice}) (print (mapcar car (cadr (assoc 'phones (PhoneSet.description '(phones)))))))"
        shown = subprocess.run(["festival", "-b", script], check=True, capture_output=True, text=True).stdout
        voice_phones.known[voice] = [p for p in shown.strip("() \n").split() if p in FOREIGN_CLASS]
    return voice_phones.known[voice]


voice_phones.known = {}


def festival_phones(voice, dice):
    what = f"(Parameter.set 'FP_duration {dice.randint(70, 140)}) (Parameter.set 'FP_F0 {dice.randint(90, 220)})"
    sound, rate, phones = festival(f"voice_{voice}", f"Phones ({' '.join(syllables(voice, dice))})", what)
    return sound, rate, phones, FOREIGN_CLASS


def festival(voice, text, settings=""):
    with tempfile.TemporaryDirectory() as folder:
        what = text if text.startswith("Phones ") else f'Text "{text}"'
        script = f'(begin ({voice}) {settings} (set! u (Utterance {what})) (utt.synth u) (utt.save.segs u "{folder}/s") (utt.save.wave u "{folder}/w" \'riff))'
        subprocess.run(["festival", "-b", script], check=True, capture_output=True)
        lines = [line.split() for line in open(f"{folder}/s").read().splitlines()[1:]]
        return wave(f"{folder}/w") + (chain([(float(end), name) for end, _, name in lines]),)


def flite(voice, text):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(["flite", "-voice", voice, "-psdur", "-t", text, "-o", f"{folder}/w"], check=True, capture_output=True, text=True)
        pairs = [item.rsplit(":", 1) for item in run.stdout.split()]
        return wave(f"{folder}/w") + (chain([(float(end), name) for name, end in pairs]),)


def wave(path):
    rate, sound = wavfile.read(path)
    return sound.astype(np.float32) / 32768, rate


def chain(ends):
    starts = [0.0] + [end for end, _ in ends]
    return [[start, end, name] for start, (end, name) in zip(starts, ends)]


def segments_of(phones, espeak, unknown):
    """`espeak`: whose phone names these are, or a table of classes. Phones to [start, end, phone, class]; the last part of a stop (burst, breath) belongs to the sound that follows."""
    rows, joint = [], None
    for start, end, phone in phones:
        if phone == "_|":  # espeak's short gap between syllables: part of the next sound
            joint = start if joint is None else joint
            continue
        if joint is not None:
            start, joint = min(start, joint), None
        if phone.startswith("_") or phone in ("pau", "sil", "#", ""):
            if end > start:
                rows.append([start, end, phone, "sil"])
            continue
        names = [espeak[phone]] if isinstance(espeak, dict) else classes_of(phone, espeak)
        if names is None:
            unknown[phone] = unknown.get(phone, 0) + 1
            names = ["mid"]
        width = (end - start) / len(names)
        rows += [[start + i * width, start + (i + 1) * width, phone, name] for i, name in enumerate(names) if width > 0]
    return rows


def augment(sound, dice):
    """Rooms, microphones, noise and telephones."""
    if dice.random() < 0.5:
        sound = lfilter([1, dice.uniform(-0.5, 0.5)], [1], sound)
    if dice.random() < 0.25:
        time = np.arange(int(0.3 * RATE)) / RATE
        tail = np.random.default_rng(dice.getrandbits(32)).normal(size=time.size) * np.exp(-time * dice.uniform(14, 35)) * dice.uniform(0.01, 0.035)
        tail[0] = 1
        sound = fftconvolve(sound, tail)[: sound.size]
    if dice.random() < 0.12:
        sound = resample_poly(resample_poly(sound, 1, 2), 2, 1)[: sound.size]
    if dice.random() < 0.6:
        noise = np.random.default_rng(dice.getrandbits(32)).normal(size=sound.size)
        if dice.random() < 0.6:
            noise = lfilter([1], [1, -0.95], noise)
        noise *= np.sqrt(np.mean(sound**2) / np.mean(noise**2)) * 10 ** (-dice.uniform(15, 40) / 20)
        sound = sound + noise
    return sound


SYLLABLES = [a + f for a, fs in {
    "b": "a o ai ei ao an en ang eng i ie iao ian in ing u", "p": "a o ai ei ao ou an en ang eng i ie iao ian in ing u",
    "m": "a o e ai ei ao ou an en ang eng i ie iao iu ian in ing u", "f": "a o ei ou an en ang eng u",
    "d": "a e ai ei ao ou an ang eng i ie iao iu ian ing ong u uo uan ui un", "t": "a e ai ao ou an ang eng i ie iao ian ing ong u uo uan ui un",
    "n": "a e ai ei ao an en ang eng i ie iao iu ian in iang ing ong u uo uan v", "l": "a e ai ei ao ou an ang eng i ia ie iao iu ian in iang ing ong u uo uan un v",
    "g": "a e ai ei ao ou an en ang eng ong u ua uo uai uan ui un uang", "k": "a e ai ao ou an en ang eng ong u ua uo uai uan ui un uang",
    "h": "a e ai ei ao ou an en ang eng ong u ua uo uai uan ui un uang", "j": "i ia ie iao iu ian in iang ing u ue uan un",
    "q": "i ia ie iao iu ian in iang ing u ue uan un", "x": "i ia ie iao iu ian in iang ing iong u ue uan un",
    "zh": "i a e ai ao ou an en ang eng ong u ua uo uan ui un uang", "ch": "i a e ai ao ou an en ang eng ong u uo uai uan ui un uang",
    "sh": "i a e ai ei ao ou an en ang eng u ua uo uai uan ui un uang", "r": "i e ao ou an en ang eng ong u uo uan ui un",
    "z": "i a e ai ei ao ou an en ang eng ong u uo uan ui un", "c": "i a e ai ao ou an en ang eng ong u uo uan ui un",
    "s": "i a e ai ao ou an en ang eng ong u uo uan ui un", "y": "i a e ao ou an in ang ing ong u ue uan un", "w": "u a o ai ei an en ang eng",
}.items() for f in fs.split()]


LITTLE = "the a and of to in you that it for my we be me by but with from up about this is was are have he she they not what".split()


def sentence(dice, language, words):
    if language == "zh":
        groups = ["".join(dice.choice(words) + str(dice.randint(1, 4)) + " " for _ in range(dice.randint(2, 6))) for _ in range(3)]
        return ", ".join(group.strip() for group in groups) + "."
    picked = [dice.choice(LITTLE if dice.random() < 0.25 else words) for _ in range(dice.randint(6, 9))]
    return " ".join(word + ("," if dice.random() < 0.2 else "") for word in picked) + "."


def main(out, count):
    lexicon = open("/usr/share/festival/dicts/cmu/cmudict-0.4.out").read()
    english = sorted({w for w in re.findall(r'^\("([a-z]{2,8})" ', lexicon, re.M)})
    dice = random.Random(7)
    dice.shuffle(english)
    labial = [w for w in english if re.search("[bpm]", w)]
    texts = {"en": {"test": english[:3000] + labial[:1500], "train": english[3000:] + labial[1500:]}, "zh": {"test": SYLLABLES, "train": SYLLABLES}, "xx": {"test": english, "train": english}}
    espeak, unknown = Espeak(), {}
    train = "f2 f3 f5 m1 m2 m3 m5 m7 Andy Annie Alicia Antonio aunty belinda benjamin David Ed Gene Henrique klatt klatt3 Michael Mike travis victor anika"
    test = "f1 f4 m4 m6 Alex Andrea klatt2 Linda"
    speakers = [("train", "en", lambda t, v=v: (*festival(v, t), False), 6) for v in ("voice_kal_diphone", "voice_ked_diphone", "voice_cmu_us_slt_arctic_hts")]
    speakers += [("train", "en", lambda t, v=v: (*flite(v, t), False), 6) for v in ("awb", "rms", "kal16")]
    for split, voices in (("train", "pc_diphone czech_dita czech_krb czech_ph hy_fi_mv_diphone suo_fi_lj_diphone"), ("test", "lp_diphone czech_machac")):
        speakers += [(split, "xx", lambda t, v=v: festival_phones(v, dice), 3) for v in voices.split()]
    for split, variants in (("train", train), ("test", test)):
        for variant in variants.split():
            for language, voices in (("en", "en-us gmw/en gmw/en-GB-x-rp en-us"), ("zh", "cmn-latn-pinyin")):
                voice = dice.choice(voices.split()) + "+" + variant
                speakers.append((split, language, lambda t, v=voice: (*espeak.say(v, t, dice.randint(120, 230), dice.randint(20, 80)), True), 1))
    for number, (split, language, speak, weight) in enumerate(speakers):
        os.makedirs(f"{out}/{split}", exist_ok=True)
        for turn in range(count * weight):
            sound, rate, phones, is_espeak = speak(sentence(dice, language, texts[language][split]))
            # A longer or shorter vocal tract: play faster or slower.
            warp = dice.uniform(0.87, 1.14) if split == "train" else 1
            target = int(RATE / warp) // 10
            sound = resample_poly(sound, target * 10, rate)
            stretch = target * 10 / RATE
            rows = [[start * stretch, end * stretch, phone, name] for start, end, phone, name in segments_of(phones, is_espeak, unknown)]
            if split == "train" or turn % 2:
                sound = augment(sound, dice)
            sound = sound / np.abs(sound).max() * 10 ** (-dice.uniform(1, 20) / 20)
            name = f"{out}/{split}/{number:03d}-{turn:03d}"
            wavfile.write(f"{name}.wav", RATE, (sound * 32767).astype(np.int16))
            json.dump({"language": language, "segments": [[round(s, 4), round(e, 4), p, CLASSES.index(c)] for s, e, p, c in rows]}, open(f"{name}.json", "w"))
    print("phones without a class:", unknown)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 16)
