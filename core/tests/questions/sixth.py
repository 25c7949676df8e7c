"""Writes sixth.csv: the members and the last day of the data that sixth.txt asks about; one line a product, channel and vendor."""
import csv
import datetime as dt
import pathlib

PRODUCTS = '''Brackwater: Cordless Drill 18V, Jig Saw 650W, Impact Drill 800W
Brackwater Pro: Hammer Drill 1200W, Table Saw 2000W
Grünwald: Oak Paint 2.5L, Fence Paint 5L, Rose Seeds 20
Lumi & Co: Solar Lamp 4, Desk Lamp LED, Porch Lamp 12W
Ferrum: Claw Hammer 500g, Garden Spade, Steel Rake 16
한솔: 잔디 Seeds 1kg, Bamboo Rake 12, Ceramic Planter 30cm
Early Bird: Herb Seeds 6, Balcony Planter 60cm, Bird Feeder Lamp
4Seasons: Winter Cover Planter, Snow Spade, All Weather Paint 1L
Ruiz Hermanos: Terracotta Planter 20cm, Olive Rake 14, Hand Hammer 300g'''
CHANNELS = ['B&Q', 'Screwfix', 'eBay', 'Coupang', '11번가', 'Trade Counter', 'Own Store', 'Click & Collect']
VENDORS = ['Osaka Metals', 'Weber KG', 'Blue Harbor', 'P. Ruiz', 'Seoul Trading']
FIRST, LAST = dt.date(2024, 7, 1), '2026-07-09'
TYPES = ['drill', 'saw', 'paint', 'seeds', 'lamp', 'hammer', 'spade', 'rake', 'planter']


def main():
    rows, n = [], 0
    for line in PRODUCTS.splitlines():
        brand, names = line.split(': ')
        for name in names.split(', '):
            kind = next(t for t in TYPES if t in name.lower())
            for channel in CHANNELS:
                day = (FIRST + dt.timedelta(n * 41 % 730)).isoformat()
                rows.append((day, brand, name, kind, channel, VENDORS[n % 5], 8 + n % 60, 1 + n % 4))
                n += 1
    rows.append((LAST, *rows[0][1:]))
    with open(pathlib.Path(__file__).with_name('sixth.csv'), 'w', encoding='utf-8', newline='') as f:
        out = csv.writer(f, lineterminator='\n')
        out.writerow('date brand product product_type channel vendor price quantity'.split())
        out.writerows(sorted(rows))


if __name__ == '__main__':
    main()
