"""Table of words in village notices that pypinyin's phrases, g2pM or both read wrongly."""

READINGS: dict[str, str] = {
    word: reading
    for line in """
    猪圈 zhu1 juan4|圈舍 juan4 she4|圈里 juan4 li3|出圈 chu1 juan4|晒干 shai4 gan1|擦干 ca1 gan1
    吹干 chui1 gan1|撒化肥 sa3 hua4 fei2|撒药 sa3 yao4|撒肥 sa3 fei2|撒石灰 sa3 shi2 hui1
    散养 san3 yang3|散煤 san3 mei2|开花结果 kai1 hua1 jie1 guo3|结果实 jie1 guo3 shi2|结实 jie1 shi5
    当日 dang4 ri4|当好 dang1 hao3|扎紧 za1 jin3|扎牢 zha1 lao2|扎口 za1 kou3|扎实 zha1 shi5
    脏水 zang1 shui3|脏乱 zang1 luan4|脏物 zang1 wu4|脏东西 zang1 dong1 xi5
    脏乱难行 zang1 luan4 nan2 xing2|心脏病 xin1 zang4 bing4|弹棉花 tan2 mian2 hua5|背着 bei1 zhe5
    背孩子 bei1 hai2 zi5|背上 bei1 shang5|后背 hou4 bei4|摔折 shuai1 she2|折了 she2 le5
    打折 da3 zhe2|饮牲口 yin4 sheng1 kou5|饮水 yin3 shui3|饮羊 yin4 yang2|饮牛 yin4 niu2
    饮马 yin4 ma3|数一数 shu3 yi1 shu3|户数 hu4 shu4|落在家里 la4 zai4 jia1 li3|落下了 la4 xia4 le5
    落在后面 la4 zai4 hou4 mian4|落到 luo4 dao4|内蒙 nei4 meng3|内蒙古 nei4 meng3 gu3|蒙古 meng3 gu3
    种粮 zhong4 liang2|种麦子 zhong4 mai4 zi5|种小麦 zhong4 xiao3 mai4|种玉米 zhong4 yu4 mi3
    种花生 zhong4 hua1 sheng1|播种 bo1 zhong4|接种 jie1 zhong4|麦种 mai4 zhong3|同行 tong2 xing2
    银行卡 yin2 hang2 ka3|总行 zong3 hang2|支行 zhi1 hang2|着火点 zhao2 huo3 dian3|穿着 chuan1 zhuo2
    用不着 yong4 bu4 zhao2|还款 huan2 kuan3|还田 huan2 tian2|还林 huan2 lin2|重于 zhong4 yu2
    重污染 zhong4 wu1 ran3|长时间 chang2 shi2 jian1|乡长 xiang1 zhang3|楼长 lou2 zhang3
    片长 pian4 zhang3|网格长 wang3 ge2 zhang3|楼道长 lou2 dao4 zhang3|胡同长 hu2 tong4 zhang3
    路长 lu4 zhang3|河长 he2 zhang3|林长 lin2 zhang3|田长 tian2 zhang3|指挥长 zhi3 hui1 zhang3
    楼栋长 lou2 dong4 zhang3|小组长 xiao3 zu3 zhang3|街长 jie1 zhang3|巷长 xiang4 zhang3
    营长 ying2 zhang3|困难 kun4 nan2|扁担 bian3 dan5|担水 dan1 shui3|供电所 gong1 dian4 suo3
    供热 gong1 re4|供图 gong1 tu2|调减 tiao2 jian3|排查 pai2 cha2|好处 hao3 chu4|坏处 huai4 chu4
    用处 yong4 chu4|害处 hai4 chu4|此处 ci3 chu4|答应 da1 ying5|应收尽收 ying1 shou1 jin4 shou1
    应治尽治 ying1 zhi4 jin4 zhi4|应检尽检 ying1 jian3 jin4 jian3|应接尽接 ying1 jie1 jin4 jie1
    应保尽保 ying1 bao3 jin4 bao3|应有的 ying1 you3 de5|供应链 gong1 ying4 lian4
    差不多 cha4 bu4 duo1|倒查 dao4 cha2|两班倒 liang3 ban1 dao3|滑倒 hua2 dao3|刮倒 gua1 dao3
    头发 tou2 fa5|理发店 li3 fa4 dian4|部分 bu4 fen4|不法分子 bu4 fa3 fen4 zi3|分包 fen1 bao1
    犯罪分子 fan4 zui4 fen4 zi3|干群 gan4 qun2|干在 gan4 zai4|不干了 bu4 gan4 le5|吹响 chui1 xiang3
    集结号 ji2 jie2 hao4|吆喝 yao1 he5|教育 jiao4 yu4|教室 jiao4 shi4|教会 jiao1 hui4
    别累着 bie2 lei4 zhe5|连累 lian2 lei5|商量 shang1 liang5|量好 liang2 hao3|流血 liu2 xue4
    献血 xian4 xue4|脑溢血 nao3 yi4 xue4|抽血 chou1 xue4|出血 chu1 xue4|露水 lu4 shui5
    掩埋 yan3 mai2|磨刀 mo2 dao1|炮仗 pao4 zhang5|铺盖 pu1 gai5|撒网 sa1 wang3|扫帚 sao4 zhou5
    减少 jian3 shao3|多少 duo1 shao3|舍不得 she3 bu4 de5|省委 sheng3 wei3|提防 di1 fang5
    堤防 di1 fang2|挑水 tiao1 shui3|听到 ting1 dao4|吐痰 tu3 tan2|为人民 wei4 ren2 min2
    为民 wei4 min2|为村民 wei4 cun1 min2|为由 wei2 you2|为您 wei4 nin2|变为 bian4 wei2
    设为 she4 wei2|均为 jun1 wei2|定为 ding4 wei2|为组长 wei2 zu3 zhang3|为大家 wei4 da4 jia1
    做为 zuo4 wei2|吓唬 xia4 hu5|吸血 xi1 xue4|返兴 fan3 xing1|来兴 lai2 xing1|剥玉米 bao1 yu4 mi3
    宿营 su4 ying2|旋转 xuan2 zhuan3|旋风 xuan4 feng1|咽下 yan4 xia4|要是 yao4 shi5|下载 xia4 zai4
    头昏脑涨 tou2 hun1 nao3 zhang4|占道 zhan4 dao4|连轴转 lian2 zhou2 zhuan4|转到 zhuan3 dao4
    运转 yun4 zhuan3|正月初一 zheng1 yue4 chu1 yi1|琢磨 zuo2 mo5|做好 zuo4 hao3|打好 da3 hao3
    防汛 fang2 xun4|朝阳 chao2 yang2|朝南 chao2 nan2|无缝隙 wu2 feng4 xi4|新冠 xin1 guan1
    新冠肺炎 xin1 guan1 fei4 yan2|新冠病毒 xin1 guan1 bing4 du2|看住 kan1 zhu4|看孩子 kan1 hai2 zi5
    看到 kan4 dao4|下水 xia4 shui3|拥挤 yong1 ji3|开闸 kai1 zha2|秸秆 jie1 gan3|玉米秆 yu4 mi3 gan3
    薄膜 bo2 mo2|薄荷 bo4 he5|薄皮 bao2 pi2|堡寨 bu3 zhai4|尹堡寨 yin3 pu4 zhai4
    宣传单 xuan1 chuan2 dan1|大夫 dai4 fu5|大夫们 dai4 fu5 men5|大王 dai4 wang5|卡点 qia3 dian3
    卡住 qia3 zhu4|哪里 na3 li5|那里 na4 li5|尿尿 niao4 niao4|漂亮 piao4 liang5|切菜 qie1 cai4
    密切 mi4 qie4|亲戚 qin1 qi5|塞住 sai1 zhu4|色子 shai3 zi5|栅栏 zha4 lan5|晕了 yun1 le5
    属于 shu3 yu2|挨着 ai1 zhe5|熬药 ao2 yao4|把手 ba3 shou5|梁山泊 liang2 shan1 po1|伺候 ci4 hou5
    逮住 dai3 zhu4|张贴 zhang1 tie1|混合 hun4 he2|混凝土 hun4 ning2 tu3|混乱 hun4 luan4
    嚼烂 jiao2 lan4|守土尽责 shou3 tu3 jin4 ze2|履职尽责 lv3 zhi2 jin4 ze2|朋友圈 peng2 you5 quan1
    不间断 bu4 jian4 duan4|中间 zhong1 jian1|据点 ju4 dian3|马虎 ma3 hu5|弄清 nong4 qing1
    盘算 pan2 suan5|朝鲜 chao2 xian3|铁蒺藜 tie3 ji2 li5|相片 xiang4 pian4|吃好 chi1 hao3
    看得见 kan4 de5 jian4|一觉醒来 yi1 jiao4 xing3 lai2|得到 de2 dao4|还得 hai2 dei3|也得 ye3 dei3
    都得 dou1 dei3|就得 jiu4 dei3|得有 dei3 you3|得去 dei3 qu4|得把 dei3 ba3|不得了 bu4 de2 liao3
    跑不了 pao3 bu4 liao3|少不了 shao3 bu4 liao3|忘不了 wang4 bu4 liao3|来不了 lai2 bu4 liao3
    去不了 qu4 bu4 liao3|干不了 gan4 bu4 liao3|用不了 yong4 bu4 liao3|办不了 ban4 bu4 liao3
    广播完了 guang3 bo1 wan2 le5|注意了 zhu4 yi4 le5|开会了 kai1 hui4 le5|开始了 kai1 shi3 le5
    人家 ren2 jia5|沉淀 chen2 dian4|绿色 lv4 se4|绿码 lv4 ma3|地道 di4 dao5|地方 di4 fang5
    地里 di4 li5|庄稼地 zhuang1 jia5 di4|各地 ge4 di4|属地 shu3 di4|养地 yang3 di4|三地 san1 di4
    田间地头 tian2 jian1 di4 tou2|喷施 pen1 shi1|涝地 lao4 di4|覆盖率 fu4 gai4 lv4
    率先垂范 shuai4 xian1 chui2 fan4|京畿 jing1 ji1|涿鹿 zhuo1 lu4|毗邻 pi2 lin2|漠河 mo4 he2
    穆棱 mu4 ling2|陡子峪 dou3 zi5 yu4|疾控 ji2 kong4|筛查 shai1 cha2|卷起 juan3 qi3
    劳累了 lao2 lei4 le5|乱倒 luan4 dao4|假冒 jia3 mao4|造假 zao4 jia3|假货 jia3 huo4|虚假 xu1 jia3
    照片 zhao4 pian4|看好自家 kan1 hao3 zi4 jia1|看好孩子 kan1 hao3 hai2 zi5
    看好自己 kan1 hao3 zi4 ji3|一寸照片 yi1 cun4 zhao4 pian4|肚子 du4 zi5|眩晕 xuan4 yun4
    夺得 duo2 de2|落差 luo4 cha1|反差 fan3 cha1|高差 gao1 cha1|温差 wen1 cha1|视差 shi4 cha1
    玄参 xuan2 shen1|埃塞俄比亚 ai1 sai4 e2 bi3 ya4|古朴 gu3 pu3|简朴 jian3 pu3|纯朴 chun2 pu3
    质朴 zhi4 pu3|查查 cha2 cha5|落下 luo4 xia4|解法 jie3 fa3|拚命 pin1 ming4|一通 yi1 tong1
    隔扇 ge2 shan4|夹克 jia1 ke4|和面 huo2 mian4|厚薄 hou4 bo2|多次 duo1 ci4|真假 zhen1 jia3
    假币 jia3 bi4|牲口饮水 sheng1 kou5 yin4 shui3|宁可 ning4 ke3|仔猪 zi3 zhu1|盛饭 cheng2 fan4
    石磨 shi2 mo4|粮囤 liang2 dun4|场院 chang2 yuan4|打场 da3 chang2|拉纤 la1 qian4|撒种 sa3 zhong3
    """.split("\n")
    for entry in line.strip().split("|")
    if entry
    for word, _, reading in [entry.partition(" ")]
}
