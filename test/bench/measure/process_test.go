// Copyright 2026 The Groundwork Authors.
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const roleVariable = "MEASURE_TEST_ROLE"

// TestMain is a process to measure when it is told to: "parent" runs a "burner" to
// its end and waits, holding memory; "deaf" ignores what should end it.
func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "parent":
		child := exec.Command(os.Args[0]) //nolint:noctx // it ends by itself
		child.Env = append(os.Environ(), roleVariable+"=burner")
		if err := child.Run(); err != nil {
			panic(err)
		}
		held := bytes.Repeat([]byte{1}, 64<<20)
		_, _ = os.Stdout.WriteString("burnt\n")
		_, _ = os.Stdin.Read(held)
		select {}
	case "burner":
		for used := time.Duration(0); used < 300*time.Millisecond; {
			var usage syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
				panic(err)
			}
			used = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		}
		os.Exit(0)
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
		_, _ = os.Stdout.WriteString("deaf\n")
		select {}
	case "failing":
		_, _ = os.Stdout.WriteString("this is why\n")
		os.Exit(3)
	}
	os.Exit(m.Run())
}

func start(t *testing.T, role string) *Process {
	t.Helper()
	p, err := Start(Command{
		Path: os.Args[0], Env: []string{roleVariable + "=" + role},
		Log: filepath.Join(t.TempDir(), "log"), SampleEvery: 5 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(syscall.SIGKILL, time.Minute) })
	return p
}

// TestProcess: the CPU time of a child that has ended counts, the memory is seen
// apart, and the figures outlive the process.
func TestProcess(t *testing.T) {
	p := start(t, "parent")
	deadline := time.After(time.Minute)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for p.Usage().Peak.Anon < 64<<20 {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("it does not hold 64 MiB: %+v\n%s", p.Usage(), Tail(p.log, 20))
		case <-p.Exited():
			t.Fatal(p.Err())
		}
	}
	live := p.Usage()
	if live.CPU < 250*time.Millisecond || live.CPU > 30*time.Second {
		t.Errorf("CPU time %s, of which a child that has ended used 300 ms", live.CPU)
	}
	if live.Memory.RSS < 64<<20 || live.Memory.File == 0 || live.Memory.Anon+live.Memory.File > live.Memory.RSS+1<<20 || live.Highest < live.Memory.Anon {
		t.Errorf("memory %+v", live)
	}
	if p.Err() != nil {
		t.Errorf("it runs, and has ended with %v", p.Err())
	}
	if err := p.Stop(syscall.SIGTERM, time.Minute); err != nil {
		t.Fatal(err)
	}
	dead := p.Usage()
	if dead.Memory != (Memory{}) || dead.CPU < live.CPU || dead.Peak.RSS < 64<<20 || dead.Highest < 64<<20 {
		t.Errorf("after its end: %+v, before: %+v", dead, live)
	}
	p.ResetPeak()
	if got := p.Usage().Peak; got != (Memory{}) {
		t.Errorf("forgotten peaks: %+v", got)
	}
}

func TestProcessFails(t *testing.T) {
	p := start(t, "failing")
	<-p.Exited()
	if err := p.Err(); err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "this is why") {
		t.Errorf("got %v; want the status and the end of the log", err)
	}
	if _, err := Start(Command{Path: filepath.Join(t.TempDir(), "absent"), Log: filepath.Join(t.TempDir(), "log")}); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("a program that is not there: %v", err)
	}
}

// TestStopKills: what does not heed the signal is ended all the same.
func TestStopKills(t *testing.T) {
	p := start(t, "deaf")
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for Tail(p.log, 1) != "deaf" {
		<-ticker.C
	}
	if err := p.Stop(syscall.SIGTERM, 10*time.Millisecond); err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("got %v", err)
	}
	select {
	case <-p.Exited():
	default:
		t.Error("it runs")
	}
}

func TestParseStat(t *testing.T) {
	line := "4711 (a) b (c) S 42 4700 4700 0 -1 4194560 2000 100 0 0 150 50 7 3 20 0 12 0 100 1000 200\n"
	got, err := parseStat([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if want := (stat{pid: 4711, parent: 42, group: 4700, cpu: 2100 * time.Millisecond}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, broken := range []string{"", "12 nothing", "12 (a) S 1 2", "x" + line, strings.Replace(line, " 150 ", " x ", 1)} {
		if got, err := parseStat([]byte(broken)); err == nil {
			t.Errorf("%q is read as %+v", broken, got)
		}
	}
}

func TestParseMemory(t *testing.T) {
	now, highest := parseMemory([]byte("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nRssAnon:\t     600 kB\nRssFile:\t     424 kB\nThreads:\t9\n"))
	if want := (Memory{RSS: 1 << 20, Anon: 600 << 10, File: 424 << 10}); now != want || highest != 2<<20 {
		t.Errorf("got %+v, highest %d", now, highest)
	}
	if now, highest := parseMemory([]byte("Name:\tkthreadd\n")); now != (Memory{}) || highest != 0 {
		t.Errorf("a kernel thread has %+v, highest %d", now, highest)
	}
}

func TestMembers(t *testing.T) {
	all := []stat{
		{pid: 5, parent: 4, group: 5}, // a grandchild in a group of its own, before its parent in the list
		{pid: 1}, {pid: 2, parent: 1, group: 2},
		{pid: 3, parent: 1, group: 3},
		{pid: 4, parent: 3, group: 3},
		{pid: 6, parent: 1, group: 3}, // its parent has ended
		{pid: 7, parent: 2, group: 2},
	}
	var got []int
	for _, member := range members(all, 3) {
		got = append(got, member.pid)
	}
	if diff := cmp.Diff([]int{5, 3, 4, 6}, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseState(t *testing.T) {
	got, err := parseState([]byte(`{"ready":true,"processes":[{"name":"etcd","pid":7,"start":"1"},{"name":"kube-apiserver","pid":8}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"etcd": 7, "kube-apiserver": 8}, got); diff != "" {
		t.Error(diff)
	}
	for _, broken := range []string{"", `{"processes":[{"name":"etcd","pid":7}]}`} {
		if got, err := parseState([]byte(broken)); err == nil {
			t.Errorf("%q is read as %v", broken, got)
		}
	}
	commandLine := []byte("/bin/etcd\x00--name=sim\x00--listen-client-urls=http://127.0.0.1:1\x00")
	if got := argument(commandLine, "--listen-client-urls"); got != "http://127.0.0.1:1" {
		t.Errorf("got %q", got)
	}
	if got := argument(commandLine, "--listen"); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestForward: bytes arrive, both ways are counted, and each side learns of the
// other's end.
func TestForward(t *testing.T) {
	var config net.ListenConfig
	var dialer net.Dialer
	echo, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = echo.Close() }()
	go func() {
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				all, _ := io.ReadAll(conn) // to the end, which must get through
				_, _ = conn.Write([]byte(strconv.Itoa(len(all)) + "\n"))
			}()
		}
	}()
	f, err := Forward(t.Context(), echo.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := dialer.DialContext(t.Context(), "tcp", f.Address())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(make([]byte, 123456)); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || string(answer) != "123456\n" {
		t.Errorf("got %q, %v", answer, err)
	}
	open, err := dialer.DialContext(t.Context(), "tcp", f.Address())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := bufio.NewReader(open).ReadByte(); err == nil {
		t.Error("a connection outlived Close")
	}
	sent, received := f.Bytes()
	if sent < 123456 || sent > 123457 || received != 7 || f.Connections() == 0 {
		t.Errorf("sent %d, received %d, %d connections", sent, received, f.Connections())
	}
}

func TestForwardKubeconfig(t *testing.T) {
	f, err := Forward(t.Context(), "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	config := clientcmdapi.NewConfig()
	config.Clusters["a"] = &clientcmdapi.Cluster{Server: "https://127.0.0.1:6443/prefix", CertificateAuthorityData: []byte("ca")}
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	if err := clientcmd.WriteToFile(*config, from); err != nil {
		t.Fatal(err)
	}
	if err := f.Kubeconfig(from, to); err != nil {
		t.Fatal(err)
	}
	got, err := clientcmd.LoadFromFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if server := got.Clusters["a"].Server; server != "https://"+f.Address()+"/prefix" || string(got.Clusters["a"].CertificateAuthorityData) != "ca" {
		t.Errorf("server %s", server)
	}
	if err := f.Kubeconfig(filepath.Join(t.TempDir(), "absent"), to); err == nil {
		t.Error("a kubeconfig that is not there was read")
	}
}
