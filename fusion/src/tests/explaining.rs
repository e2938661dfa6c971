//! What a plan says about itself: the lines of the program, the reasons, the numbers.

use super::*;
use crate::Explain;
use crate::plan::Reason;

fn explained(roots: &[&NodeRef]) -> Explain {
    let (trace, plan, launches) = planned(roots);
    Explain::new(&trace, &plan, &launches)
}

#[test]
fn the_text_of_a_plan() {
    let x = array(&[30, 40]);
    let line = line!() + 1;
    let columns = sum(&x, 0);
    let rows = keep(ReduceOp::Sum, &x, 1);
    let y = sub(&sub(&x, &columns), &rows);
    let plan = explained(&[&y]);
    let at = |n: u32| format!("{}:{}", file!(), line + n);
    let expected = format!(
        "plan: 2 kernel(s), 2 launch(es), 9.5 KiB read, 4.8 KiB written, 192 B of temporaries
0: kernel - 40 rows of 30, lanes across rows
     sum ({first})
   reads array #0 float32[30, 40]
   writes value #1 float32[40]
   4.7 KiB from memory, 160 B written
1: kernel - 30 rows of 40, lanes along the row, 2 sweeps
     sum ({second})
     sub ({third})
     sub ({third})
   reads array #0 float32[30, 40]
   reads value #1 float32[40]
   writes value #7 float32[30, 40]
   4.8 KiB from memory, 4.7 KiB written, 4.7 KiB again from the cache
break: sum ({first}) is stored: {reason}
",
        first = at(0),
        second = at(1),
        third = at(2),
        reason = Reason::Axes.text(),
    );
    assert_eq!(plan.to_string(), expected, "\n{plan}");
    assert_eq!((plan.kernels(), plan.launches(), plan.packed), (2, 2, 0));
    assert_eq!(plan.bytes_read(), 2 * 4800 + 160);
    assert_eq!(plan.bytes_written(), 4800 + 160);
}

#[test]
fn every_reason_has_a_line() {
    let (x, y) = (array(&[30, 30]), array(&[30, 30]));
    let e = exp(&exp(&x));
    let product = matmul(&e, &y);
    let (rows, columns) = (sum(&e, 1), sum(&e, 0));
    let z = add(&add(&product, &flip(&rows)), &columns);
    let (trace, plan, launches) = planned(&[&z]);
    let text = Explain::new(&trace, &plan, &launches).to_string();
    for b in &plan.breaks {
        let node = &trace.items[b.node].node;
        let (at, name) = (node.location(), node.op().expect("recorded").name());
        let line = format!("break: {name} ({}:{}) is stored: {}\n", at.file(), at.line(), b.reason.text());
        assert!(text.contains(&line), "{line} in\n{text}");
    }
    assert!(plan.breaks.iter().any(|b| b.reason == Reason::Library), "{text}");
    assert!(plan.breaks.iter().any(|b| b.reason == Reason::ViewOfReduction), "{text}");
    assert_eq!(text.matches("break: ").count(), plan.breaks.len());
    assert!(text.contains("matmul (library gemm) - 30 x 30 x 30"), "{text}");
    // One text for each reason.
    let all = [
        Reason::Axes,
        Reason::ViewOfReduction,
        Reason::Length,
        Reason::Arrays,
        Reason::Library,
        Reason::Shared,
        Reason::Cycle,
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(!a.text().is_empty() && all[..i].iter().all(|b| a.text() != b.text()));
    }
}

#[test]
fn copies_and_splits_are_said() {
    let x = array(&[30, 40]);
    let text = explained(&[&exp(&reshape(&transpose(&x), &[1200]))]).to_string();
    assert!(text.contains("packed: 1 array(s) copied into row-major order for a reshape\n"), "{text}");
    let long = explained(&[&softmax(&array(&[1, 1 << 20]), 1)]);
    assert_eq!((long.kernels(), long.launches()), (1, 3));
    assert!(long.to_string().contains("3 sweeps, recomputing, split along the row"), "{long}");
    let kept = explained(&[&softmax(&array(&[1000, 1000]), 1)]);
    assert!(kept.to_string().contains("3 sweeps, 1 value(s) a point kept"), "{kept}");
    assert_eq!((kept.bytes_read(), kept.bytes_written()), (4_000_000, 4_000_000));
}

/// Arrays whose inner axes do not merge, and those that lanes have to step along.
#[test]
fn packed_arrays_are_said() {
    let (x, row) = (array(&[300, 200]), array(&[200]));
    let all = |x: &NodeRef| explained(&[&reduce(ReduceOp::Sum, x, &[0, 1])]).to_string();
    assert!(all(&mul(&x, &row)).contains("1 rows of 60000, lanes along the row, 1 array(s) packed\n"));
    let three = add(&mul(&x, &row), &transpose(&array(&[200, 300])));
    assert!(all(&three).contains(", 2 array(s) packed\n"), "{}", all(&three));
    assert!(!all(&mul(&x, &x)).contains("packed"));
    let backwards = explained(&[&sum(&flip(&array(&[1000])), 0)]).to_string();
    assert!(backwards.contains("lanes along the row, 1 array(s) packed\n"), "{backwards}");
    assert!(!explained(&[&sum(&x, 0)]).to_string().contains("packed"));
}

/// A graph of a plan with three steps, one of them a library's.
fn steps() -> Explain {
    let (x, y) = (array(&[30, 30]), array(&[30, 30]));
    explained(&[&exp(&matmul(&add(&x, &constant(0.5)), &y))])
}

#[test]
fn the_graph_of_a_plan() {
    let plan = steps();
    let dot = plan.to_dot();
    assert!(dot.starts_with("digraph plan {\n") && dot.ends_with("}\n"), "{dot}");
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
    assert_eq!(dot.matches('[').count(), dot.matches(']').count());
    for line in dot.lines() {
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
    }
    for (i, step) in plan.steps.iter().enumerate() {
        assert!(dot.contains(&format!("  s{i} [label=\"{} {i}\\n", step.kind)), "{dot}");
        for operation in &step.operations {
            assert!(dot.contains(operation.as_str()), "{operation} in {dot}");
        }
    }
    assert!(dot.contains("  s0 -> s1;\n") && dot.contains("  s1 -> s2;\n"), "{dot}");
    assert_eq!(dot.matches(" -> ").count(), 2, "{dot}");
}

#[test]
fn the_picture_of_a_plan() {
    let plan = steps();
    let svg = plan.to_svg();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("<rect ").count(), plan.steps.len());
    assert_eq!(svg.matches("<text ").count(), svg.matches("</text>").count());
    assert_eq!(svg.matches("<path ").count(), plan.steps.len() - 1);
    for step in &plan.steps {
        assert!(svg.contains(&step.kind) && svg.contains(&step.operations[0]), "{svg}");
    }
}
