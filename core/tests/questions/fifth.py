"""Writes fifth.csv: the members and the last day of the data that fifth.txt asks about; one line a product, channel and vendor."""
import csv
import datetime as dt
import pathlib

PRODUCTS = '''Kestrel: House Blend Beans 1kg, Dark Roast Beans 500g, Barista Capsules 40
Kestrel Reserve: Geisha Beans 250g, Reserve Capsules 10
North Star: Polar Tea 50, Breakfast Tea 100, Camp Mug 300ml
Daily Grind: Steel Burr Grinder, Hand Grinder, Paper Filter 100
Höfn: Birch Kettle 1L, Enamel Mug 250ml
Café Lumière: Noir Beans 1kg, Lungo Capsules 20, Crème Mug 200ml
77: Double Shot Beans 500g, Seven Herbs Tea 20
Sol & Luna: Mate Tea 500g, Rooibos Tea 40, Gourd Kettle 800ml
Baram: Jeju Green Tea 60, Barley Tea 100, Clay Filter 2'''
CHANNELS = ['Ocado', 'Tesco', 'Naver', 'Kurly', 'Web Shop', 'Wholesale', 'Lazada']
VENDORS = ['Kim & Partners', 'Rotterdam Hub', 'Alto Import', 'Nordlys AS', 'Harvest Co']
FIRST, LAST = dt.date(2024, 1, 1), '2025-09-17'
TYPES = ['beans', 'capsules', 'tea', 'mug', 'grinder', 'filter', 'kettle']


def main():
    rows, n = [], 0
    for line in PRODUCTS.splitlines():
        brand, names = line.split(': ')
        for name in names.split(', '):
            kind = next(t for t in TYPES if t in name.lower())
            for channel in CHANNELS:
                day = (FIRST + dt.timedelta(n * 37 % 620)).isoformat()
                rows.append((day, brand, name, kind, channel, VENDORS[n % 5], 10 + n % 9, 1 + n % 3))
                n += 1
    rows.append((LAST, *rows[0][1:]))
    with open(pathlib.Path(__file__).with_name('fifth.csv'), 'w', encoding='utf-8', newline='') as f:
        out = csv.writer(f, lineterminator='\n')
        out.writerow('date brand product product_type channel vendor price quantity'.split())
        out.writerows(sorted(rows))


if __name__ == '__main__':
    main()
