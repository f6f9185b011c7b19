"""Writes the labelled voices of tests/fixtures/voice: texts that the model is not trained on,
by speakers that it never heard (but for those of festival and flite: there are no others with natural throats).

Usage: python3 fixtures.py OUT_DIR   (needs what corpus.py needs)
"""

import json, os, sys
import numpy as np
from scipy.io import wavfile
from scipy.signal import resample_poly
from corpus import RATE, Espeak, festival, flite, segments_of

# name, language, speaker, words a minute (espeak; 0: festival or flite), text
VOICES = [
    ("en-festival", "en", "voice_cmu_us_slt_arctic_hts", 0,
     "Bob bought a map of Panama. My mother made a big apple pie, and we ate it. You knew who moved the blue boots. Papa, may I hop?"),
    ("en-espeak", "en", "en-us+f4", 150,
     "Ben, pack my bag before noon. The happy baby bumped a lamp. Tom and Pam met at the farm, far away. These green beans, two new shoes."),
    ("zh-espeak-male", "zh", "cmn-latn-pinyin+m4", 150,
     "ba4 ba5 mai3 le5 bai2 ma3. ma1 ma5 ai4 chi1 pu2 tao5, bao4 zhe5 mao1 mi1. wu3 yue4 xia4 yu3, ni3 qu4 na3 li3? da4 pao4 fang4 pi4, mei2 ban4 fa3."),
    ("zh-espeak-female", "zh", "cmn-latn-pinyin+f1", 165,
     "ni3 hao3, peng2 you5 men5. qing3 ba3 ping2 guo3 fang4 zai4 mian4 bao1 pang2 bian1. ta1 pa2 shang4 le5 da4 po1, mo1 le5 mo1 bi2 zi5. wo3 bu4 pa4."),
    ("en-espeak-british", "en", "gmw/en-GB-x-rp+m4", 170,
     "Every morning the baker put warm bread and apple cake in the window. People came from all over the village, because nobody made a better bun. "
     "On Monday it rained, so he stayed at home."),
    ("en-flite", "en", "rms", 0,
     "My brother Paul bought a boat in May. We took it up the river, past the old farm and the mill, until the moon came out. Nobody spoke, but everybody was happy."),
    ("zh-espeak-quick", "zh", "cmn-latn-pinyin+m6", 195,
     "jin1 tian1 wan3 shang4 wo3 men5 yi1 qi3 qu4 fan4 guan3, ma1 ma5 mai3 le5 yi1 ben3 shu1, ba4 ba5 mei2 you3 shuo1 hua4. "
     "ming2 tian1 bai2 tian1 hui4 xia4 yu3, bie2 wang4 le5 dai4 san3."),
    ("zh-espeak-slow", "zh", "cmn-latn-pinyin+Andrea", 135,
     "cong2 qian2 you3 yi1 ge5 pang4 hai2 zi5, ta1 pao3 de5 hen3 man4, ke3 shi4 bu4 pa4 lei4. mei3 tian1 zao3 shang4, ta1 ba3 men2 da3 kai1, kan4 niao3 fei1 guo4 shan1 po1. ni3 shuo1 qi2 guai4 bu4 qi2 guai4?"),
]


def main(out):
    os.makedirs(out, exist_ok=True)
    espeak = Espeak()
    for name, language, voice, speed, text in VOICES:
        sound, rate, phones = espeak.say(voice, text, speed) if speed else (festival if voice.startswith("voice_") else flite)(voice, text)
        sound = resample_poly(sound, RATE // 50, rate // 50)
        sound = sound / np.abs(sound).max() * 0.7
        wavfile.write(f"{out}/{name}.wav", RATE, (sound * 32767).astype(np.int16))
        rows = [[round(start, 3), round(end, 3), phone, mouth] for start, end, phone, mouth in segments_of(phones, bool(speed), {})]
        lines = ",\n".join("    " + json.dumps(row) for row in rows)
        head = json.dumps({"language": language, "voice": voice, "text": text})[1:-1]
        open(f"{out}/{name}.json", "w").write(f"{{\n  {head},\n  \"segments\": [\n{lines}\n  ]\n}}\n")


if __name__ == "__main__":
    main(sys.argv[1])
