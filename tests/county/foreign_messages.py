"""Messages of other systems, small, in the shapes of theirs and written here."""

import os
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

BEIJING = timezone(timedelta(hours=8))
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=BEIJING)

# The files of other makers are not in the repository.
SAMPLES = Path(os.environ.get("BROADCASTER_SAMPLES", "no samples"))
with_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="BROADCASTER_SAMPLES does not name the folder with cap/ and ebm/"
)

INFO = """<info>
 <language>zh-CN</language>
 <category>Met</category>
 <event>暴雨</event>
 <urgency>Immediate</urgency>
 <severity>Severe</severity>
 <certainty>Likely</certainty>
 <effective>2026-05-01T12:00:00+08:00</effective>
 <expires>2026-05-01T18:00:00+08:00</expires>
 <senderName>青田县气象局</senderName>
 <headline>暴雨橙色预警</headline>
 <description>今天下午有暴雨。</description>
 <instruction>请不要到河边去。</instruction>
 <area>
  <areaDesc>高市乡</areaDesc>
  <geocode><valueName>CN-GB2260-12</valueName><value>331121104000</value></geocode>
 </area>
</info>"""

ALERT = f"""<?xml version="1.0" encoding="utf-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>QT-2026-17</identifier>
<sender>met@qingtian.example</sender>
<sent>2026-05-01T11:59:00+08:00</sent>
<status>Actual</status>
<msgType>Alert</msgType>
<scope>Public</scope>
{INFO}
</alert>"""

EBRID = "33311210000000101010101"
EBDID = f"10{EBRID}0000000000000007"
EBMID = f"{EBRID}202605010007"
EBM = f"""<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<EBD>
<EBDVersion>1</EBDVersion>
<EBDID>{EBDID}</EBDID>
<EBDType>EBM</EBDType>
<SRC><EBRID>{EBRID}</EBRID></SRC>
<EBDTime>2026-05-01 11:59:30</EBDTime>
<EBM>
<EBMVersion>1</EBMVersion>
<EBMID>{EBMID}</EBMID>
<MsgBasicInfo>
<MsgType>1</MsgType>
<SenderName>丽水市应急广播中心</SenderName>
<SenderCode>0001</SenderCode>
<SendTime>2026-05-01 11:59:00</SendTime>
<EventType>11B03</EventType>
<Severity>2</Severity>
<StartTime>2026-05-01 12:00:00</StartTime>
<EndTime>2026-05-01 18:00:00</EndTime>
</MsgBasicInfo>
<MsgContent>
<LanguageCode>zho</LanguageCode>
<MsgTitle>暴雨预警</MsgTitle>
<MsgDesc>今天下午有暴雨。</MsgDesc>
<AreaCode>331121,331122104,331123104200</AreaCode>
<ProgramNum>1</ProgramNum>
</MsgContent>
</EBM>
</EBD>"""


def mutations(data: bytes, count: int) -> list[bytes]:
    """The same ones every time; hypothesis would keep each in memory."""
    chosen, found = random.Random(17), []
    for _ in range(count):
        mutated = bytearray(data)
        for _ in range(chosen.randint(1, 6)):
            start = chosen.randrange(len(mutated))
            end = start + chosen.choice((0, 0, 1, 5, 40))
            mutated[start:end] = data[start : start + chosen.choice((0, 1, 8))] or b"<"
        found.append(bytes(mutated))
    return found
