#!/usr/bin/env python3
"""The least that each of 500 random days could cost, by HiGHS (mixed-integer where there are tasks, or where prices are
negative or inverted).

    python3 -m venv v && v/bin/pip install -r plugins/linear/tests/requirements.txt
    v/bin/python plugins/linear/tests/optimum.py > plugins/linear/tests/optimum.csv

`tests/problem.rs` makes the same problems from the same seeds: SplitMix64 and nothing but + - * / and comparisons, so
that every bit is the same. Even seeds have one battery, odd ones two; four of nine have one to four tasks. The last
column is how far below HiGHS's best the true optimum may lie, relative: it stops at a gap, or after a minute.

    v/bin/python plugins/linear/tests/optimum.py --times SEED...

solves only these and prints what HiGHS itself says that its run took, in milliseconds, one a line.
"""
import sys
import highspy
import numpy as np

N, H, MASK, BIG = 192, 0.25, (1 << 64) - 1, 60.0
SECONDS = 60.0


class Random:
    def __init__(self, seed):
        self.state = seed

    def unit(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        return (z >> 11) / (1 << 53)

    def within(self, low, high):
        return low + (high - low) * self.unit()

    def below(self, count):
        return int(self.unit() * count)


def problem(seed):
    r = Random(seed)
    batteries = []
    for _ in range(1 + seed % 2):
        capacity = r.within(1.0, 12.0)
        floor = capacity * r.within(0.05, 0.15)
        batteries.append(dict(floor=floor, ceiling=capacity, stored=r.within(floor, capacity),
                              charge=capacity * r.within(0.2, 0.6), discharge=capacity * r.within(0.2, 0.6),
                              eff_c=r.within(0.88, 0.98), eff_d=r.within(0.88, 0.98), wear=r.within(0.0, 0.03)))
    slots = []
    spot_linked = seed % 5 == 0
    negative = seed % 3 == 0
    sun = r.within(0.5, 6.0)
    price, cloud = 0.0, 0.0
    for t in range(N):
        if t % 4 == 0:
            hour = (t // 4) % 24
            base = 0.32 if 7 <= hour < 10 else 0.38 if 17 <= hour < 21 else 0.22
            price = base + r.within(-0.05, 0.05)
            if negative and 11 <= hour < 15:
                price = r.within(-0.12, 0.05)
            cloud = r.within(0.2, 1.0)
        export = price - 0.12 if spot_linked else 0.08
        hour = (t % 96) / 4
        up = (hour - 6.0) * (20.0 - hour) / 49.0
        solar = sun * up * cloud if up > 0.0 else 0.0
        load = r.within(0.1, 0.6)
        if r.unit() < 0.15:
            load = load + r.within(0.5, 3.0)
        slots.append((price, export, load, solar))
    tasks = []
    for _ in range(1 + seed // 9 % 4 if seed % 9 in (1, 3, 5, 8) else 0):
        power, count, begin = r.within(0.5, 2.5), 2 + r.below(14), r.below(96)
        end = min(begin + count + r.below(60), N)
        interruptible = r.unit() < 0.5
        # What may be paused runs whole slots; a block may end within one.
        last = 1.0 if interruptible else r.within(0.2, 1.0)
        tasks.append(dict(power=power, count=count, last=last, begin=begin, end=end, interruptible=interruptible))
    export_limit = 0.8 if seed % 4 == 1 or seed % 8 == 2 else BIG
    import_limit = 4.0 if seed % 7 == 0 else BIG
    mean = sum(s[0] for s in slots) / N
    return batteries, slots, tasks, import_limit, export_limit, mean


class Model:
    """Columns and rows, written down one after the other."""

    def __init__(self):
        self.cost, self.low, self.high, self.whole = [], [], [], []
        self.rows = []

    def column(self, cost=0.0, low=0.0, high=BIG, whole=False):
        self.cost.append(cost), self.low.append(low), self.high.append(high), self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, entries, low, high):
        self.rows.append((entries, low, high))

    def one_of(self, a, b):
        """Of two columns at most one is above zero."""
        z = self.column(high=1.0, whole=True)
        self.row([(a, 1.0), (z, -self.high[a])], -np.inf, 0.0)
        self.row([(b, 1.0), (z, self.high[b])], -np.inf, self.high[b])

    def lp(self):
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), len(self.rows)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = map(np.array, (self.cost, self.low, self.high))
        lp.row_lower_ = np.array([row[1] for row in self.rows])
        lp.row_upper_ = np.array([row[2] for row in self.rows])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0] + [len(row[0]) for row in self.rows])
        lp.a_matrix_.index_ = np.array([column for row in self.rows for column, _ in row[0]])
        lp.a_matrix_.value_ = np.array([value for row in self.rows for _, value in row[0]])
        if any(self.whole):
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[whole] for whole in self.whole]
        return lp


def model(seed):
    batteries, slots, tasks, import_limit, export_limit, mean = problem(seed)
    m = Model()
    runs = [[] for _ in range(N)]
    for task in tasks:
        slots_of = range(task['begin'], task['end'])
        if task['interruptible']:
            on = {t: m.column(high=1.0, whole=True) for t in slots_of}
            m.row([(column, 1.0) for column in on.values()], task['count'], task['count'])
            for t, column in on.items():
                runs[t].append((column, -task['power']))
        else:
            starts = {t: m.column(high=1.0, whole=True) for t in range(task['begin'], task['end'] - task['count'] + 1)}
            m.row([(column, 1.0) for column in starts.values()], 1.0, 1.0)
            for t, column in starts.items():
                for k in range(task['count']):
                    share = task['last'] if k + 1 == task['count'] else 1.0
                    runs[t + k].append((column, -task['power'] * share))
    stored = [None] * len(batteries)
    for t, (price, export, load, solar) in enumerate(slots):
        odd = price < 0 or export < 0 or export > price
        imported = m.column(price * H, high=import_limit)
        beyond = m.column((price + 20.0) * H)
        exported = m.column(-export * H, high=export_limit)
        # Curtailing is for what the limit does not let through, and not for prices that one does not like.
        curtailed = m.column(high=0.0 if odd and export_limit == BIG else solar)
        balance = [(imported, 1.0), (beyond, 1.0), (exported, -1.0), (curtailed, -1.0)] + runs[t]
        if odd:
            m.one_of(imported, exported)
            if export_limit < BIG and solar > 0.0:
                full = m.column(high=1.0, whole=True)
                m.row([(curtailed, 1.0), (full, -solar)], -np.inf, 0.0)
                m.row([(exported, 1.0), (full, -export_limit)], 0.0, np.inf)
        for b, battery in enumerate(batteries):
            charge = m.column(1e-5 * H, high=battery['charge'])
            discharge = m.column((battery['wear'] + 1e-5) * H, high=battery['discharge'])
            left = -mean * battery['eff_d'] if t == N - 1 else 0.0
            energy = m.column(left, low=battery['floor'], high=battery['ceiling'])
            balance += [(charge, -1.0), (discharge, 1.0)]
            kept = [(energy, 1.0), (charge, -battery['eff_c'] * H), (discharge, H / battery['eff_d'])]
            begin = battery['stored'] if t == 0 else 0.0
            m.row(kept + ([(stored[b], -1.0)] if t else []), begin, begin)
            stored[b] = energy
            if odd:
                m.one_of(charge, discharge)
        m.row(balance, load - solar, load - solar)
    return m


def solve(seed):
    """The optimum, how far below it the true one may lie, and what the run took, ms."""
    highs = highspy.Highs()
    highs.setOptionValue('output_flag', False)
    highs.setOptionValue('threads', 1)
    highs.setOptionValue('mip_rel_gap', 1e-5)
    highs.setOptionValue('time_limit', SECONDS)
    m = model(seed)
    highs.passModel(m.lp())
    highs.run()
    info = highs.getInfo()
    cost = info.objective_function_value
    assert np.isfinite(cost) and info.primal_solution_status == 2, (seed, highs.getModelStatus())
    gap = max(cost - info.mip_dual_bound, 0.0) / max(abs(cost), 1e-9) if any(m.whole) else 0.0
    return cost, gap, 1e3 * highs.getRunTime()


if __name__ == '__main__':
    if sys.argv[1:2] == ['--times']:
        for seed in sys.argv[2:]:
            print(f'{solve(int(seed))[2]:.3f}', flush=True)
    else:
        print('seed,optimum,highs_ms,gap')
        for seed in range(*map(int, sys.argv[1:])) if sys.argv[1:] else range(500):
            optimum, gap, ms = solve(seed)
            print(f'{seed},{optimum:.9f},{ms:.1f},{gap:.1e}', flush=True)
