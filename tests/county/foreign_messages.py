"""Messages of other systems, small, in the shapes of theirs and written here."""

import os
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
