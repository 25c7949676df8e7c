"""Writes sales.csv: the sales over which the held-out questions are asked. The same bytes each time.

Names, traps (a brand that is an everyday word, one that begins another, one of digits, one that is also a vendor),
span and last day differ from those of shared/data/questions/sales.csv."""
import csv
import datetime as dt
import math
import pathlib
import random

PRODUCTS = '''Nova: Nova Lip Balm 8g 9, Halo Serum 30ml 42, Stardust Cream 50ml 36, Comet Cleanser 150ml 17
Nova Lab: Retinol 03 Serum 30ml 58, Peptide Cream 50ml 64, AHA Toner 200ml 24, Lab Clay Mask 75ml 29
Fresh: Fresh Start Cleanser 200ml 14, Mint Lip Balm 10g 6, Cucumber Toner 150ml 16
Élan: Crème Caresse Cream 50ml 88, Rosée Serum 30ml 95, Petit Lip Tint 4g 27, Huile Dorée Face Oil 30ml 79
Mokryun: Magnolia Cream 60ml 33, Mugwort Mask 5 Sheets 12, Rice Bran Toner 200ml 19, Camellia Oil 50ml 38, Green Plum Serum 40ml 31
Peak: Summit Sunscreen SPF50 50ml 22, Alpine Cream 75ml 26, Base Camp Cleanser 150ml 15
2080: Mono Mask 3 Sheets 10, Duo Lip Tint 4g 13, 24H Cream 50ml 23
Bloom & Co: Garden Oil 30ml 34, Peony Toner 150ml 21, Petal Lip Tint 5g 12, City Sunscreen SPF30 60ml 20
Ivory Coast: Cocoa Lip Balm 10g 5, Shea Cream 200ml 18, Baobab Oil 50ml 30, Kids Sunscreen SPF50 100ml 19'''
CHANNELS = ['Coupang', 'Ulta', 'Boots', 'Brand Site', 'Duty Free', 'Shopee', 'Tmall Global']
VENDORS = ['Bloom & Co', 'Han Logistics', 'Meridian Trade', 'Oakline', 'Sørensen AS', 'Pacific Rim Co', 'Daon']
LATE = {'Mono Mask 3 Sheets': 300, 'Green Plum Serum 40ml': 420, 'Peptide Cream 50ml': 560}  # first day on sale
FIRST, LAST = dt.date(2024, 3, 1), dt.date(2026, 3, 11)


def main():
    rng = random.Random(20260311)
    goods = []
    for line in PRODUCTS.splitlines():
        brand, names = line.split(': ')
        for name in names.split(', '):
            product, price = name.rsplit(' ', 1)
            vendors = [brand] if brand in VENDORS else rng.sample(VENDORS[1:], 2)
            goods.append((brand, product, float(price), vendors, rng.uniform(.4, 1.6)))
    rows = []
    for n in range((LAST - FIRST).days + 1):
        day = FIRST + dt.timedelta(n)
        season = 1 + .2 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 80) / 365)
        for _ in range(max(1, round(rng.gauss(4.4 * season * (1 + n / 2500), 1.4)))):
            sold = [g for g in goods if n >= LATE.get(g[1], 0)]
            brand, product, price, vendors, _ = rng.choices(sold, [g[4] for g in sold])[0]
            promo = .85 if day.month in (6, 11) else 1.04 if day.year == 2026 else 1
            quantity = -1 if rng.random() < .02 else min(12, 1 + int(rng.expovariate(.7)))
            rows.append((day, brand, product, rng.choices(CHANNELS, [9, 4, 3, 5, 2, 4, 2])[0], rng.choice(vendors),
                         f'{price * promo * rng.uniform(.97, 1.03):.2f}', quantity))
    with open(pathlib.Path(__file__).with_name('sales.csv'), 'w', encoding='utf-8', newline='') as f:
        out = csv.writer(f, lineterminator='\n')
        out.writerow('date brand product channel vendor price quantity'.split())
        out.writerows(rows)


if __name__ == '__main__':
    main()
