package measure

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Actions are billable actions by type, as the server's counter "action" tells
// them, which follows the rules of Temporal Cloud.
type Actions map[string]int

// ReadActions reads the counter of one namespace from metrics in Prometheus
// text form.
func ReadActions(metrics io.Reader, namespace string) (Actions, error) {
	actions := Actions{}
	lines := bufio.NewScanner(metrics)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		labels, number, ok := counter(lines.Text())
		if !ok || label(labels, "namespace") != namespace {
			continue
		}
		count, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, fmt.Errorf("read the server's actions: %q is not a number", number)
		}
		actions[label(labels, "action_type")] += int(count)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the server's actions: %w", err)
	}
	return actions, nil
}

// counter splits a line of the counter into its labels and its number.
func counter(line string) (labels, number string, ok bool) {
	rest, ok := strings.CutPrefix(line, "action{")
	if !ok {
		return "", "", false
	}
	end := strings.LastIndex(rest, "} ")
	if end < 0 {
		return "", "", false
	}
	number, _, _ = strings.Cut(rest[end+2:], " ") // A time may follow.
	return rest[:end], number, true
}

// label is the value of a label, "" when it is not there.
func label(labels, name string) string {
	_, after, ok := strings.Cut(","+labels, ","+name+`="`)
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(after, `"`)
	return value
}

// Since returns what was counted after an earlier reading, types without any
// left out.
func (a Actions) Since(earlier Actions) Actions {
	counted := Actions{}
	for kind, count := range a {
		if more := count - earlier[kind]; more != 0 {
			counted[kind] = more
		}
	}
	return counted
}

// Total is the number of actions of all types.
func (a Actions) Total() int {
	total := 0
	for _, count := range a {
		total += count
	}
	return total
}
