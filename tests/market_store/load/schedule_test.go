package main

import (
	"strings"
	"testing"
	"time"
)

func TestScheduleIsReadAndFollowed(t *testing.T) {
	phases, err := parseSchedule("peak:44x105s, ebb:33")
	if err != nil {
		t.Fatal(err)
	}
	for since, wanted := range map[time.Duration]string{0: "peak", 104 * time.Second: "peak", 105 * time.Second: "ebb", time.Hour: "ebb"} {
		if phase, running := phaseAt(phases, since); !running || phase.Name != wanted {
			t.Errorf("after %s: %+v %t, want %s", since, phase, running, wanted)
		}
	}
	bounded, err := parseSchedule("peak:1.5x1m")
	if err != nil || bounded[0].RatePerSecond != 1.5 {
		t.Fatalf("got %+v, %v; want a rate of 1.5", bounded, err)
	}
	if _, running := phaseAt(bounded, time.Minute); running {
		t.Error("the schedule goes on after its last phase, want it over")
	}
}

func TestScheduleRefusesNonsense(t *testing.T) {
	for _, text := range []string{"", "peak", ":44x1s", "peak:x1s", "peak:-1x1s", "peak:NaNx1s", "peak:1e9x1s", "peak:44x", "peak:44x0s", "peak:44,ebb:33x1s"} {
		if phases, err := parseSchedule(text); err == nil {
			t.Errorf("%q was read as %+v, want it refused", text, phases)
		} else if !strings.Contains(err.Error(), "-schedule") {
			t.Errorf("%q: message %q does not name -schedule", text, err)
		}
	}
}

func TestSettingsAreBounded(t *testing.T) {
	for flagText, name := range map[string]string{
		"-max-duration=21m": "-max-duration", "-max-requests=0": "-max-requests", "-in-flight=0": "-in-flight",
		"-keys=0": "-keys", "-skew=-1": "-skew", "-target=https://name": "-target", "-report-every=1ms": "-report-every",
	} {
		if _, err := settingsFrom([]string{flagText}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want a refusal that names %s", flagText, err, name)
		}
	}
}
