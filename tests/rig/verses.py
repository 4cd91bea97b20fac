"""Folk verses, as villages say them."""

VISITS = "串的都是亲戚门，\n害的都是自己人。\n"
GREETINGS = "电话问候到，\n亲人心意到，\n拜年不要到处跑。\n"
STRAW = "秸秆焚烧害处大，\n污染空气人人骂，\n还田养地是个宝，\n来年多打几麻袋。\n"
WATER = "坑塘水库水很深，\n下水游泳太揪心，\n家长看好自家娃，\n平平安安过暑假。\n"
CLAPPERS = "竹板这么一打呀，\n别的咱不夸。\n"
