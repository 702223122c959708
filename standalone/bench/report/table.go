package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Write prints the report for people.
func Write(w io.Writer, r Report) error {
	p := printer{table: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	p.line("bench %s, %s, %s x %d, %s, %.0f%% busy before, %.0f s", r.Scale, r.Machine.System, r.Machine.CPU, r.Machine.Cores,
		r.Machine.Go, 100*r.Machine.Busy, r.Seconds)
	p.costs(r)
	for _, section := range []struct {
		rows  int
		print func(Report)
	}{
		{len(r.Waits), p.waits},
		{len(r.Speeds), func(r Report) { p.speeds("ONE AT A TIME", r.Speeds) }},
		{len(r.Loads), p.loads},
		{len(r.Gateway), p.gateway},
		{len(r.Encryption), p.encryption},
		{len(r.Memory), p.memory},
		{len(r.Beside), func(r Report) { p.speeds("ONE AT A TIME, BESIDE THOSE WHO WAIT", r.Beside) }},
	} {
		if section.rows > 0 { // One section may have been measured alone.
			section.print(r)
		}
	}
	p.targets(r)
	if p.err == nil {
		p.err = p.table.Flush()
	}
	if p.err != nil {
		return fmt.Errorf("print the table: %w", p.err)
	}
	return nil
}

// printer remembers the first error.
type printer struct {
	table *tabwriter.Writer
	err   error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.table, format+"\n", args...)
	}
}

// section begins a table with a title and the heads of its columns.
func (p *printer) section(title string, heads ...string) {
	if p.err == nil {
		p.err = p.table.Flush() // Columns of different tables have nothing in common.
	}
	p.line("\n%s", title)
	p.line("%s", strings.Join(heads, "\t"))
}

func (p *printer) costs(r Report) {
	p.section("ONE JOURNEY COSTS", "journey", "variant", "events", "bytes", "actions", "provider calls", "")
	for _, c := range r.Costs {
		remark := ""
		if c.Variant == Skeleton && !c.SameShape {
			remark = "its history differs from the journey's"
		}
		calls := "-"
		if c.Variant == Ours {
			calls = number(c.Calls)
		}
		p.line("%s\t%s\t%d\t%d\t%d\t%s\t%s", c.Kind, c.Variant, c.Events, c.Bytes, c.Actions, calls, remark)
	}
}

func (p *printer) waits(r Report) {
	p.section("AN HOUR OF WAITING COSTS", "variant", "events", "bytes", "actions", "provider calls", "")
	for _, w := range r.Waits {
		p.line("%s\t%.0f\t%.0f\t%.0f\t%.0f\t%s", w.Variant, w.Events, w.Bytes, w.Actions, w.Calls, w.How)
	}
}

func (p *printer) speeds(title string, speeds []Speed) {
	p.section(title, "journey", "variant", "n", "start p50", "p99", "hint to outcome p50", "p99 (ms)")
	for _, s := range speeds {
		p.line("%s\t%s\t%d\t%.1f\t%.1f\t%s\t%s", s.Kind, s.Variant, s.Count, s.StartP50, s.StartP99, some(s.OutcomeP50), some(s.OutcomeP99))
	}
}

func (p *printer) loads(r Report) {
	var parts []string
	if len(r.Loads) > 0 {
		parts = slices.Sorted(maps.Keys(r.Loads[0].CPU))
	}
	p.section("JOURNEYS AT ONCE, authid.enroll", append([]string{"at once", "variant", "journeys/s", "blocks"}, append(parts, "(CPU ms per journey)")...)...)
	for _, l := range r.Loads {
		columns := []string{number(l.Concurrent), l.Variant, fmt.Sprintf("%.1f", l.PerSecond), blocks(l.Blocks)}
		for _, part := range parts {
			columns = append(columns, fmt.Sprintf("%.1f", l.CPU[part]))
		}
		p.line("%s", strings.Join(columns, "\t"))
	}
}

func blocks(rates []float64) string {
	texts := make([]string, len(rates))
	for i, rate := range rates {
		texts[i] = fmt.Sprintf("%.1f", rate)
	}
	return strings.Join(texts, " ")
}

func (p *printer) gateway(r Report) {
	p.comparisons("THROUGH THE GATEWAY AND THROUGH THE GO CLIENT", "gateway", "client", r.Gateway)
}

func (p *printer) encryption(r Report) {
	p.comparisons("WITH AND WITHOUT ENCRYPTION", "encrypted", "in clear", r.Encryption)
}

func (p *printer) comparisons(title, with, without string, rows []Comparison) {
	p.section(title, "", "at once", "", with, without, "ratio")
	for _, c := range rows {
		ratio := "-"
		if c.Without != 0 {
			ratio = fmt.Sprintf("%.2f", c.Ratio)
		}
		p.line("%s\t%d\t%s, %s\t%s\t%s\t%s", c.What, c.Concurrent, c.Measure, c.Unit, amount(c.With), amount(c.Without), ratio)
	}
}

func (p *printer) memory(r Report) {
	p.section("WAITING JOURNEYS OCCUPY, authid.enroll", "waiting", "variant", "worker live", "worker resident", "server resident (KiB each)", "goroutines each")
	for _, m := range r.Memory {
		p.line("%d\t%s\t%.1f\t%.1f\t%.1f\t%.1f", m.Waiting, m.Variant, m.Live/1024, m.Resident/1024, m.ServerResident/1024, m.Goroutines)
	}
}

func (p *printer) targets(r Report) {
	p.section("TARGETS", "", "found", "target", "")
	for _, t := range r.Targets {
		limit := "at most " + short(t.Most)
		if t.Least != 0 {
			limit = "at least " + short(t.Least)
		}
		mark := "met"
		if !t.Met {
			mark = "MISSED"
		}
		p.line("%s\t%s\t%s\t%s", t.What, short(t.Found), limit, mark)
	}
}

// some is a time that is not 0.
func some(ms float64) string {
	if ms == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", ms)
}

// amount is a number that is not 0, with a digit after the point when it is
// small.
func amount(f float64) string {
	if f >= 1000 {
		return fmt.Sprintf("%.0f", f)
	}
	return some(f)
}

// short prints whole numbers whole and others with two digits.
func short(f float64) string {
	if f == float64(int64(f)) {
		return strconv.FormatInt(int64(f), 10)
	}
	return fmt.Sprintf("%.2f", f)
}

func number(n int) string { return strconv.Itoa(n) }
