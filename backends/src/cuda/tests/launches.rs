//! Modules and launches: code is loaded, parameters arrive, and what the driver would refuse is refused
//! in words.

use super::*;

#[test]
fn parameters_arrive_exactly() {
    let device = device(14);
    let stream = Stream::new(device).unwrap();
    let many = function(device, "many");
    let mut words: Vec<u64> = (0..40).map(|i| (i * 0x0123_4567_89ab_cdef) ^ u64::MAX).collect();
    // SAFETY: the fake only logs this kernel.
    unsafe { stream.launch(&many, [7, 65_535, 2], 1024, 100_000, &words, Note::here("sum")).unwrap() };
    let sent = words.clone();
    words.fill(0);
    stream.synchronize().unwrap();
    let ran = fake().ran(device.index());
    let ran: Vec<_> = ran.iter().filter(|ran| ran.name() == "many").collect();
    assert_eq!((ran.len(), ran[0].words()), (1, &sent[..]));
    assert_eq!((ran[0].grid, ran[0].block, ran[0].shared), ([7, 65_535, 2], 1024, 100_000));
}

#[test]
fn kernels_do_their_work() {
    let device = device(14);
    let stream = Stream::new(device).unwrap();
    let buffer = device.allocate(800, &stream).unwrap();
    let words = [buffer.address(), 100, 0x1122_3344_5566_7788];
    launch(&stream, &function(device, "fill"), &words, Note::here("full")).unwrap();
    let mut back = [0; 800];
    device.download(&buffer, 0, &mut back, &stream).unwrap();
    assert!(back.chunks(8).all(|word| word == 0x1122_3344_5566_7788u64.to_le_bytes()));
}

#[test]
fn impossible_launches_are_refused() {
    let device = device(14);
    let stream = Stream::new(device).unwrap();
    let touch = function(device, "touch");
    let try_it = |grid, block, shared, words: &[u64]| {
        // SAFETY: none of these gets as far as the device.
        message(unsafe { stream.launch(&touch, grid, block, shared, words, Note::here("sum")) })
    };
    let said = try_it([0, 1, 1], 32, 0, &[0]);
    assert!(said.starts_with("cannot launch `touch`: a grid of [0, 1, 1] blocks; from 1 to"), "{said}");
    assert!(try_it([1, 65_536, 1], 32, 0, &[0]).contains("grid"));
    assert!(try_it([u32::MAX, 1, 1], 32, 0, &[0]).contains("grid"));
    assert!(try_it([1; 3], 0, 0, &[0]).contains("blocks of 0 threads; from 1 to 1024"));
    assert!(try_it([1; 3], 1025, 0, &[0]).contains("1025 threads"));
    assert!(try_it([1; 3], 32, 300_000, &[0]).contains("300000 bytes of shared memory a block; 232448"));
    assert!(try_it([1; 3], 32, 0, &[0, 1]).contains("2 words; it takes 1"));
    let other = super::device(0).stream().unwrap();
    assert!(message(launch(other, &touch, &[0], Note::here("sum"))).contains("loaded for cuda:14"));
    fake().fail("cuLaunchKernel", 1, 0);
    let said = message(launch(&stream, &touch, &[0], Note::here("sum")));
    assert!(said.ends_with("invalid argument (CUDA_ERROR_INVALID_VALUE), from cuLaunchKernel"), "{said}");
    stream.synchronize().unwrap();
}

#[test]
fn text_is_assembled_and_loaded() {
    let device = device(14);
    let cubin = device.assemble(KERNELS).unwrap();
    assert!(cubin.starts_with(b"\x7fELF"));
    let module = device.load_module(&cubin).unwrap();
    let spill = module.function("spill").unwrap();
    let attributes = *spill.attributes();
    assert_eq!((attributes.registers, attributes.local_bytes, attributes.max_threads), (32, 16, 1024));
    assert_eq!((attributes.max_dynamic_shared, attributes.words), (227 << 10, Some(1)));
    assert_eq!(spill.blocks_per_multiprocessor(256, 0).unwrap(), 8);
    assert_eq!(spill.blocks_per_multiprocessor(256, 100 << 10).unwrap(), 2);
    // A function keeps its module.
    drop(module);
    launch(device.stream().unwrap(), &spill, &[1], Note::here("sum")).unwrap();
    // And the last of them goes only when what runs of it is over.
    drop(spill);
    device.stream().unwrap().synchronize().unwrap();
}

#[test]
fn what_is_wrong_with_code_is_told() {
    let device = device(14);
    let text = KERNELS.replace(".visible .entry touch", "mistake\n.visible .entry touch");
    for said in [message(device.assemble(&text)), message(device.load_module(text.as_bytes()))] {
        assert!(
            said.starts_with("could not compile: the driver's assembler: a PTX JIT compilation failed"),
            "{said}"
        );
        assert!(said.contains("line 5; error   : Parsing error near 'mistake'"), "{said}");
    }
    assert!(message(device.assemble("a\0b")).contains("zero"));
    let mut cubin = device.assemble(KERNELS).unwrap();
    assert!(message(device.load_module(&cubin[..40])).contains("cut off"));
    // A table of sections that begins behind the end.
    cubin[40..48].copy_from_slice(&1_000_000u64.to_le_bytes());
    assert!(message(device.load_module(&cubin)).contains("cut off"));
    let module = device.load_module(KERNELS.as_bytes()).unwrap();
    let said = message(module.function("nothing"));
    assert_eq!(said, "cuda:14: kernel `nothing`: named symbol not found (CUDA_ERROR_NOT_FOUND)");
    assert!(message(module.function("two")).contains("several parameters"));
}
